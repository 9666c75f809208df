const QUOTE = 34;
const BACKSLASH = 92;
const OPENING = new Set([91, 123]);
const CLOSING = new Set([93, 125]);

/** The objects in a JSON array, each as the bytes that it stands there with. The text is known to be JSON. */
export function elementsOf(array: Buffer): Buffer[] {
  const elements: Buffer[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < array.length; at += 1) {
    const byte = array[at] as number;
    if (byte === QUOTE) at = endOfText(array, at);
    else if (OPENING.has(byte)) {
      if (depth === 1) start = at;
      depth += 1;
    } else if (CLOSING.has(byte)) {
      depth -= 1;
      if (depth === 1) elements.push(array.subarray(start, at + 1));
    }
  }
  return elements;
}

/** Where the text that begins at a quote ends. */
function endOfText(json: Buffer, quote: number): number {
  for (let at = json.indexOf(QUOTE, quote + 1); at >= 0; at = json.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (json[at - escapes - 1] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return json.length;
}
