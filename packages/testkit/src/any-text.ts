import * as fc from 'fast-check';

/** Between these numbers are the halves of surrogate pairs, which are no characters. */
const firstHalf = 0xd800;
const halves = 0x800;
const lastCodePoint = 0x10ffff;

/**
 * Any Unicode character: the `unit` of a string. That of fast-check itself, 'binary', makes a table of all 1.1 million
 * characters on first use: a second in each test file.
 */
export const anyCharacter = fc.nat(lastCodePoint - halves).map(
  (index) => String.fromCodePoint(index < firstHalf ? index : index + halves),
  (value) => {
    if (typeof value !== 'string' || !/^\P{Surrogate}$/u.test(value)) throw new TypeError('No character');
    const codePoint = value.codePointAt(0)!;
    return codePoint < firstHalf ? codePoint : codePoint - halves;
  },
);

/** Any URL of a host with a path, in place of `fc.webUrl`, which makes the same table. */
export const anyWebUrl = fc
  .tuple(
    fc.constantFrom('http', 'https'),
    fc.domain(),
    fc.array(fc.string({ unit: anyCharacter }).map((segment) => encodeURIComponent(segment))),
  )
  .map(([scheme, host, path]) => `${scheme}://${[host, ...path].join('/')}`);
