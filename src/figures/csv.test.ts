/** @file Tables as RFC 4180 has them. */
import { expect, it } from 'vitest';

import { csv } from './csv';

it('quotes fields with commas, quotes and line breaks, and leaves what is not known empty', () => {
  const rows = [
    ['a,b', 'say "x"', 'two\nlines'],
    [1.5, true, null],
    ['plain', undefined, 0],
  ];
  expect(csv({ columns: ['one', 'two', 'three'], rows })).toBe(
    'one,two,three\n"a,b","say ""x""","two\nlines"\n1.5,true,\nplain,,0\n',
  );
});
