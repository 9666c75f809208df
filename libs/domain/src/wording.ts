import type { z } from 'zod';

const NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

/** What is wrong by the shape of a value alone, and what to do about it: in the words that all refusals use. */
export function wordingOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type': {
      const expected = NAMES[issue.expected] ?? issue.expected;
      return issue.input === undefined
        ? `Nothing stands here; give ${expected}.`
        : `${shown(issue.input)} stands here; give ${expected}.`;
    }
    case 'invalid_value': {
      const allowed = issue.values.map((value) => JSON.stringify(value)).join(', ');
      return issue.input === undefined
        ? `Nothing stands here; give one of ${allowed}.`
        : `${shown(issue.input)} is none of ${allowed}; choose one of these.`;
    }
    case 'too_small':
      return `${sized(issue.origin, issue.input)}, fewer than ${issue.minimum}; give at least ${issue.minimum}.`;
    case 'too_big':
      return `${sized(issue.origin, issue.input)}, more than ${issue.maximum}; give at most ${issue.maximum}.`;
    case 'invalid_format':
      return `${shown(issue.input)} cannot stand here; write ${uncapitalised(issue.message)}`;
    case 'invalid_union': {
      const options =
        'options' in issue && Array.isArray(issue.options) ? issue.options.map((one) => JSON.stringify(one)) : [];
      return `No form of what may stand here fits; ${options.length > 0 ? `give one of ${options.join(', ')}` : 'look up its fields'}.`;
    }
    case 'invalid_key':
      return `${shown(issue.input)} cannot be a name here; choose another.`;
    default:
      return issue.message;
  }
}

function sized(origin: string, input: unknown): string {
  if (typeof input === 'string') return `The text has ${input.length} characters`;
  if (Array.isArray(input)) return `The list has ${input.length} entries`;
  return origin === 'number' || origin === 'int'
    ? `The number is ${String(input)}`
    : `${shown(input)} is too much or little`;
}

function shown(input: unknown): string {
  if (typeof input === 'string') return `"${input.slice(0, 50)}"`;
  if (Array.isArray(input)) return 'A list';
  return typeof input === 'object' && input !== null ? 'An object' : String(input);
}

function uncapitalised(rule: string): string {
  return rule.charAt(0).toLowerCase() + rule.slice(1);
}
