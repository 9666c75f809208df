declare module 'edtf' {
  /** Milliseconds since 1970 of a value's first and last instant; infinite where an interval is open. */
  interface ExtendedDate {
    readonly min: number;
    readonly max: number;
  }
  /** Throws when the text is no EDTF. */
  export default function edtf(text: string): ExtendedDate;
}
