import { keyed } from '@deal-ledger/domain';

/** A part of a state that has no parts of its own, and what set it. */
export interface Field<By> {
  /** JSON pointer into the state as it is shown. */
  readonly pointer: string;
  readonly by: By;
}

interface Node<By> {
  by: By;
  /** Of an object, a list or a map; a value has none. */
  parts: Map<string, Node<By>> | undefined;
}

/**
 * What set each part of a state: followed from one state to the next, the one after which the part
 * last changed. Parts that both states share are not looked at, so that a state of ten thousand
 * parts moves on at the price of those that move.
 */
export class Origins<By> {
  private root: Node<By> | undefined;
  private state: unknown;

  /** The state became this one, by `by`. */
  moved(state: unknown, by: By): void {
    this.root = followed(this.root, this.state, state, by);
    this.state = state;
  }

  /** Every part that has no parts of its own, in the order in which the state is shown; empty objects and lists are such. */
  *fields(): Generator<Field<By>> {
    if (this.root !== undefined) yield* fieldsOf(this.root, this.state, '');
  }
}

function followed<By>(node: Node<By> | undefined, before: unknown, after: unknown, by: By): Node<By> {
  if (node !== undefined && before === after) return node;
  if (typeof after !== 'object' || after === null) return { by, parts: undefined };
  const known = node?.parts !== undefined;
  const parts = node?.parts ?? new Map<string, Node<By>>();
  const hadParts = parts.size > 0;
  for (const [name, was, is] of differing(known ? before : undefined, after)) {
    if (is === undefined) parts.delete(name);
    else parts.set(name, followed(parts.get(name), was, is, by));
  }
  const isSame = node !== undefined && known && !(hadParts && parts.size === 0);
  return { by: isSame ? node.by : by, parts };
}

function* fieldsOf<By>({ by, parts }: Node<By>, state: unknown, pointer: string): Generator<Field<By>> {
  if (parts === undefined || parts.size === 0) {
    yield { pointer, by };
    return;
  }
  for (const [name, value] of inOrder(state)) {
    const part = parts.get(name);
    if (part !== undefined) yield* fieldsOf(part, value, `${pointer}/${escaped(name)}`);
  }
}

type Part = readonly [name: string, value: unknown];

/** The parts of a value; what is undefined is not shown. */
function partsOf(value: unknown): readonly Part[] {
  if (typeof value !== 'object' || value === null) return [];
  const all = isMap(value) ? [...keyed.entriesOf(value)] : Object.entries(value);
  return all.filter(([, part]) => part !== undefined);
}

/** In the order in which they are shown: names that are numbers come first in an object. */
const inOrder = (value: unknown): readonly Part[] =>
  isMap(value)
    ? Object.entries(Object.fromEntries([...partsOf(value)].sort(([a], [b]) => (a < b ? -1 : 1))))
    : partsOf(value);

/** Names of parts that are not the very same in both, with both. */
function* differing(before: unknown, after: unknown): Generator<readonly [name: string, was: unknown, is: unknown]> {
  if (isMap(before) && isMap(after) && before.slots !== undefined && after.slots !== undefined) {
    for (const [place, is] of after.slots.entries()) {
      const was = before.slots[place];
      if (was !== is) yield* differing(was ?? keyed.EMPTY, is ?? keyed.EMPTY);
    }
    return;
  }
  const earlier = new Map(partsOf(before));
  for (const [name, is] of partsOf(after)) {
    const was = earlier.get(name);
    earlier.delete(name);
    if (was !== is) yield [name, was, is];
  }
  for (const [name, was] of earlier) yield [name, was, undefined];
}

const isMap = (value: unknown): value is keyed.Keyed<unknown> =>
  typeof value === 'object' && value !== null && keyed.isKeyed(value);

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
