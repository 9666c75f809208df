import fc from 'fast-check';
import { duplicateKey, membersIn } from './duplicate-key';

describe('a key that comes twice in one object', () => {
  it.each([
    ['{"a":1,"a":2}', 'a', '/a'],
    ['{"a":1,"\\u0061":2}', 'a', '/a'],
    ['{"events":[{"id":"1"},{"id":"2","data":{"x":{"a":1},"y":{"a":2},"x":[]}}]}', 'x', '/events/1/data/x'],
    ['[[1,[2,3]],{"a":"}]\\",\\"a\\":","b":{},"a/~b":[1,2],"a/~b":3}]', 'a/~b', '/1/a~1~0b'],
    ['{"":{"":1,"":2}}', '', '//'],
    ['{"a":{"b":1},"b":[{"c":null},"d",{"c":true,"c":true}]}', 'c', '/b/2/c'],
  ])('of %s is named with where it stands', (text, key, pointer) => {
    const problem = duplicateKey(text);
    expect([problem.status, problem.code, problem.errors]).toEqual([
      400,
      'DUPLICATE_KEY',
      [{ code: 'DUPLICATE_KEY', pointer, message: 'the key comes twice' }],
    ]);
    expect(problem.message).toContain(JSON.stringify(key));
  });

  it('is told by the number of members, which is that of the colons outside of strings', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        const colons = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
        expect(membersIn(JSON.parse(text))).toBe(colons);
      }),
    );
  });
});
