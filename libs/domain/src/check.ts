import type { z } from 'zod';
import type { RefusalCode } from './refusal';

type Path = readonly (string | number)[];

/** Reports a problem under its refusal code; `path` leads from the checked value to the culprit. */
export type Report = (code: RefusalCode, message: string, path?: Path) => void;

/**
 * Makes a zod check whose issues carry a refusal code. It is not reached when a part of the value
 * has been refused already, so it may trust what it looks at.
 */
export function check<Value>(judge: (value: Value, report: Report) => void): z.core.CheckFn<Value> {
  return (payload) => {
    judge(payload.value, (code, message, path = []) => {
      payload.issues.push({
        code: 'custom',
        message,
        path: [...path],
        input: payload.value,
        params: { code },
      });
    });
  };
}
