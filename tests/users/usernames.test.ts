/** Which usernames are equal: Unicode §3.13 D146, compatibility caseless match. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { foldCase } from '../../src/users/fold-case.ts'

const same: readonly (readonly [what: string, ...names: string[]])[] = [
  ['case', 'ada', 'Ada', 'ADA', 'aDa'],
  ['full width', 'ada', 'ａｄａ', 'ＡＤＡ'],
  ['sharp s', 'strasse', 'straße', 'STRASSE', 'STRAẞE', 'ſtraſſe', 'Straﬆ'.replace('ﬆ', 'ſſe')],
  ['final sigma', 'οδοσ', 'οδος', 'ΟΔΟΣ', 'Οδος'],
  ['ligatures', 'office', 'oﬃce', 'oﬀice', 'OﬃCE'],
  ['composed and decomposed', 'zoë', 'zoe\u0308', 'ZOË', 'ZOE\u0308'],
  ['Kelvin and Ångström', 'kå', 'KÅ', '\u212a\u212b', 'ka\u030a'],
  ['digits in circles and above', '12', '①②', '¹²', '１２'],
  ['iota below', 'ᾳ', 'αι', 'ᾼ', 'ΑΙ'],
  ['order of marks', 'a\u0323\u0307', 'a\u0307\u0323', 'A\u0307\u0323'],
  ['Turkish capital I with a dot', '\u0130', 'i\u0307', 'I\u0307'],
  ['Cherokee, whose folding goes up', '\uab70', '\u13a0'],
  ['half-width katakana', 'ガ', 'ｶﾞ', 'カ\u3099'],
  ['Roman numerals', 'viii', 'ⅷ', 'Ⅷ', 'VIII'],
  ['n with an apostrophe', 'ŉ', 'ʼn', 'ʼN'],
  ['Hangul in letters', '가', '\u1100\u1161'],
]

for (const [what, first = '', ...others] of same) {
  test(`one name: ${what}`, () => {
    for (const name of others) assert.equal(foldCase(name), foldCase(first), name)
  })
}

const different: readonly (readonly [what: string, one: string, other: string])[] = [
  ['accents', 'zoe', 'zoë'],
  ['Turkish dotless i', 'i', '\u0131'],
  ['Turkish capital I with a dot, and i', 'i', '\u0130'],
  ['Latin and Cyrillic', 'ada', '\u0430d\u0430'],
  ['dots', 'a.da', 'ada'],
  ['ae', 'æ', 'ae'],
]

for (const [what, one, other] of different) {
  test(`two names: ${what}`, () => assert.notEqual(foldCase(one), foldCase(other)))
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  // Letters with special folding or normal forms, and marks, in combination
  fc.string({
    unit: fc.constantFrom(...'ßẞſﬁﬃσςΣİıIiᾳᾼŉǰΐⅷÅé', '\u0345', '\u0307', '\u0323', '\u0308', '\u3099'),
  }),
)

test('property: the key of a key is the key', () => {
  fc.assert(
    fc.property(anyText, (name) => assert.equal(foldCase(foldCase(name)), foldCase(name))),
    { numRuns: 5000, seed: 20261122 },
  )
})

test('property: the normal form that a device sends makes no difference', () => {
  const form = fc.constantFrom('NFC', 'NFD', 'NFKC', 'NFKD')
  fc.assert(
    fc.property(anyText, form, (name, to) => assert.equal(foldCase(name.normalize(to)), foldCase(name))),
    { numRuns: 5000, seed: 20261122 },
  )
})

test('each code point: its key is stable, and the same as that of its lower case', () => {
  for (let code = 0; code <= 0x10ffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue
    const character = String.fromCodePoint(code)
    const key = foldCase(character)
    assert.equal(foldCase(key), key, code.toString(16))
    assert.equal(foldCase(character.toLowerCase()), key, code.toString(16))
  }
})

test('what is not seen makes no other name', () => {
  for (const unseen of ['\u{34f}', '\u{fe0f}', '\u{3164}', '\u{e0100}']) {
    assert.equal(foldCase(`a${unseen}da`), foldCase('ada'), unseen.codePointAt(0)?.toString(16))
  }
})
