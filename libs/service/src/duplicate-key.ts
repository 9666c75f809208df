import { Problem } from './problem';
import { escapePointer } from './validate';

/** How many members the objects in a parsed JSON value have. */
export const membersIn = (value: unknown): number => (isComposed(value) ? membersOf(value) : 0);

function membersOf(value: object): number {
  let count = 0;
  if (Array.isArray(value)) {
    for (const element of value) if (isComposed(element)) count += membersOf(element);
    return count;
  }
  for (const key in value) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    count += isComposed(member) ? 1 + membersOf(member) : 1;
  }
  return count;
}

const isComposed = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Names the first key that an object in the text, which is JSON, has twice. */
export function duplicateKey(text: string): Problem {
  const { key, pointer } = firstDuplicate(text);
  return new Problem({
    status: 400,
    code: 'DUPLICATE_KEY',
    detail: `The JSON has the key ${JSON.stringify(key.slice(0, 100))} twice in one object, at ${pointer.slice(0, 1_000)}; only one value could be kept. Leave one of them out.`,
    errors: [{ code: 'DUPLICATE_KEY', pointer, message: 'the key comes twice' }],
  });
}

interface Open {
  /** Of an object those seen so far; an array has none. */
  readonly keys: Set<string> | undefined;
  /** The last key, or the place in the array. */
  at: string | number;
  isKeyNext: boolean;
}

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g;

function firstDuplicate(text: string): { readonly key: string; readonly pointer: string } {
  const open: Open[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    const within = open.at(-1);
    if (token === '{') open.push({ keys: new Set(), at: '', isKeyNext: true });
    else if (token === '[') open.push({ keys: undefined, at: 0, isKeyNext: false });
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',') {
      if (within?.keys !== undefined) within.isKeyNext = true;
      else if (within !== undefined) within.at = Number(within.at) + 1;
    } else if (within?.keys !== undefined && within.isKeyNext) {
      const key = JSON.parse(token) as string;
      within.at = key;
      within.isKeyNext = false;
      if (within.keys.has(key)) return { key, pointer: open.map(({ at }) => `/${escapePointer(String(at))}`).join('') };
      within.keys.add(key);
    }
  }
  throw new Error('a JSON text has more members than its value, and no key twice');
}
