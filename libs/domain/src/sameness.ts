const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;

/**
 * A name in the form in which it is compared, in any script: NFKC, without case, and without
 * characters that show nothing (zero-width spaces, soft hyphens, variation selectors).
 */
export function asCompared(name: string): string {
  // Before the case is folded: which sigma ends a word depends on what stands around it.
  const visible = name.normalize('NFKC').replace(IGNORABLE, '').normalize('NFKC');
  // Upper case first: it brings ß and ss, and the three Greek sigmas, together.
  return visible.toUpperCase().toLowerCase().normalize('NFKC');
}
