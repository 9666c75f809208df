import { z } from 'zod';

const NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

const SHOWN_CHARACTERS = 100;

/** What stands in a request and what to do about it, where the schema itself has no words for that. */
export function wordingOf(issue: z.core.$ZodRawIssue): string | undefined {
  const { input } = issue;
  const name = String(issue.path?.at(-1) ?? 'The whole');
  switch (issue.code) {
    case 'invalid_type': {
      const expected = NAMES[issue.expected] ?? issue.expected;
      return input === undefined
        ? `${name} is missing; give ${expected}${meaningOf(issue)}.`
        : `${shown(input)} stands here; give ${expected}${meaningOf(issue)}.`;
    }
    case 'invalid_value': {
      const allowed = issue.values.map(String).join(', ');
      return input === undefined
        ? `${name} is missing; give one of ${allowed}.`
        : `${shown(input)} is not one of ${allowed}; give one of these.`;
    }
    case 'too_small':
      return `${sizeOf(input)}, fewer than ${issue.minimum}; give at least ${issue.minimum}.`;
    case 'too_big':
      return `${sizeOf(input)}, more than ${issue.maximum}; give at most ${issue.maximum}.`;
    case 'invalid_format':
      return issue.format === 'regex'
        ? `${shown(input)} cannot stand here; give what ${issue.pattern ?? 'its pattern'} matches${meaningOf(issue)}.`
        : `${shown(input)} is not of the form ${issue.format}; write it in that.`;
    case 'invalid_union':
      return input === undefined ? `${name} is missing; give it${meaningOf(issue)}.` : undefined;
    default:
      return undefined;
  }
}

/** What the documentation says of it. */
function meaningOf({ inst }: z.core.$ZodRawIssue): string {
  const described = inst instanceof z.ZodType ? inst.description : undefined;
  return described === undefined
    ? ''
    : `: ${described.charAt(0).toLowerCase()}${described.slice(1).replace(/\.$/, '')}`;
}

function sizeOf(input: unknown): string {
  if (typeof input === 'string') return `The text has ${input.length} characters`;
  if (Array.isArray(input)) return `The list has ${input.length} entries`;
  return `${shown(input)} stands here`;
}

function shown(input: unknown): string {
  if (typeof input === 'string') return `"${input.slice(0, SHOWN_CHARACTERS)}"`;
  if (Array.isArray(input)) return 'A list';
  return typeof input === 'object' && input !== null ? 'An object' : String(input);
}
