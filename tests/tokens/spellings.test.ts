/** RFC 7515 §2 allows one spelling of a token: base64url without padding, white space or other additions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { base64url, decode, forge, hmac, NOW, parts, signParts, tokensWith } from './forge.ts'
import { kinds, names } from './kinds.ts'

const INVALID = { outcome: 'invalid' }
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** All other spellings of the last character that decode to the same bytes. */
function unusedBits(part: string): string[] {
  const bytes = Buffer.from(part, 'base64url')
  return [...ALPHABET]
    .map((character) => part.slice(0, -1) + character)
    .filter((spelt) => spelt !== part && Buffer.from(spelt, 'base64url').equals(bytes))
}

/** A different character with one byte in common. */
const alike = (character: string) => String.fromCharCode(character.charCodeAt(0) + 0x100)

/** The same bytes in another spelling. */
const respelt = (part: string): string[] => [
  ...unusedBits(part),
  ...['=', '==', ' ', '\n', '\t', '\r\n', '\u00a0', '\0', '!', '%3D', 'A', 'AAAA'].map((end) => part + end),
  ...[' ', '\n', '\ufeff'].map((start) => start + part),
  `${part.slice(0, 4)} ${part.slice(4)}`,
  `${part.slice(0, 4)}\n${part.slice(4)}`,
  part.replaceAll('-', '+').replaceAll('_', '/'),
  alike(part.slice(0, 1)) + part.slice(1),
  part.slice(0, -1) + alike(part.slice(-1)),
]

// Its base64url has both of the characters that base64 spells differently.
const SPECIAL = { note: '>>>???ÿÿÿ~~~' }

for (const name of names) {
  const { header, claims, verify } = kinds[name]

  test(`${name}: each part in each other spelling`, async () => {
    let signed: [string, string, string] = ['', '', '']
    // A signature is as random as it is long: look for one with the two special characters.
    for (let salt = 0; !/-.*_|_.*-/.test(signed[2]); salt++) {
      signed = parts(forge(header, { ...claims, ...SPECIAL, salt: 'x'.repeat(salt) }))
    }
    assert.match(signed[1], /[-_]/)
    assert.equal((await verify(tokens, signed.join('.'), NOW)).outcome, 'valid')
    assert.equal(unusedBits(signed[2]).length, 3)
    for (const index of [0, 1, 2]) {
      for (const spelling of respelt(signed[index] ?? '')) {
        const text = signed.with(index, spelling).join('.')
        if (text === signed.join('.')) continue
        assert.deepEqual(await verify(tokens, text, NOW), INVALID, JSON.stringify(text))
      }
    }
  })

  test(`${name}: signed by somebody with the key who spells otherwise`, async () => {
    const [first, second] = [base64url(header), base64url({ ...claims, ...SPECIAL })]
    for (const spelling of respelt(first)) {
      if (spelling === first) continue
      assert.deepEqual(
        await verify(tokens, signParts(spelling, second), NOW),
        INVALID,
        JSON.stringify(spelling),
      )
    }
    for (const spelling of respelt(second)) {
      if (spelling === second) continue
      assert.deepEqual(
        await verify(tokens, signParts(first, spelling), NOW),
        INVALID,
        JSON.stringify(spelling),
      )
    }
  })

  test(`${name}: texts that are no tokens`, async () => {
    const text = forge(header, claims)
    const [first, second, signature] = parts(text)
    const texts = [
      '',
      '.',
      '..',
      '...',
      'a.b.c',
      first,
      `${first}.${second}`,
      `${first}..${signature}`,
      `.${second}.${signature}`,
      `${text}.`,
      `.${text}`,
      `${text}.${signature}`,
      `${text} `,
      `Bearer ${text}`,
      `${text}\n${text}`,
      'x'.repeat(1_000_000),
      `${first}.${'x'.repeat(1_000_000)}.${signature}`,
      JSON.stringify({ payload: second, protected: first, signature }),
    ]
    for (const bad of texts) assert.deepEqual(await verify(tokens, bad, NOW), INVALID, bad.slice(0, 99))
  })
}

const position = fc.nat(1000)
const character = fc.oneof(
  fc.constantFrom(...ALPHABET, '.', '=', ' '),
  fc.string({ minLength: 1, maxLength: 1 }),
)
const tokens = await tokensWith()
const good = await Promise.all(names.map((name) => kinds[name].sign(tokens)))

type Mutation = (text: string, another: string) => string

const replace = fc.tuple(position, fc.nat(4), fc.array(character, { maxLength: 4 })).map(
  ([where, count, put]): Mutation =>
    (text) => {
      const start = where % text.length
      return text.slice(0, start) + put.join('') + text.slice(start + count)
    },
)
const truncate = position.map(
  (where): Mutation =>
    (text) =>
      text.slice(0, where % text.length),
)
const swap = fc.tuple(position, position).map(
  ([one, two]): Mutation =>
    (text) => {
      const [first, second] = [one % text.length, two % text.length]
      const characters = [...text]
      return characters
        .with(first, text[second] ?? '')
        .with(second, text[first] ?? '')
        .join('')
    },
)
const flipBit = fc.tuple(fc.nat(2), fc.nat(5000)).map(
  ([index, bit]): Mutation =>
    (text) => {
      const bytes = Buffer.from(parts(text)[index] ?? '', 'base64url')
      const place = bit % (bytes.length * 8)
      bytes[place >> 3] = (bytes[place >> 3] ?? 0) ^ (1 << (place & 7))
      return parts(text).with(index, bytes.toString('base64url')).join('.')
    },
)
const graft = fc.nat(2).map(
  (index): Mutation =>
    (text, another) => {
      return parts(text)
        .with(index, parts(another)[index] ?? '')
        .join('.')
    },
)
const rewriteClaims = fc
  .dictionary(fc.constantFrom('sub', 'sid', 'exp', 'generation', 'type'), fc.jsonValue(), { minKeys: 1 })
  .map(
    (claims): Mutation =>
      (text) => {
        const { payload } = decode(text)
        return parts(text)
          .with(1, base64url({ ...payload, ...claims }))
          .join('.')
      },
  )
const changeCase = position.map(
  (where): Mutation =>
    (text) => {
      const start = where % text.length
      return text.slice(0, start) + text.slice(start).toUpperCase()
    },
)

// One change that needs a whole token, and then possibly some that do not.
const changed = fc
  .tuple(
    fc.nat(1),
    fc.oneof(replace, truncate, swap, flipBit, graft, rewriteClaims, changeCase),
    fc.oneof(fc.constant([]), fc.array(replace, { maxLength: 2 })),
  )
  .map(([which, first, more]) => {
    const [text = '', another = ''] = which === 0 ? good : good.toReversed()
    return more.reduce((token, change) => (token === '' ? '' : change(token, another)), first(text, another))
  })
  .filter((text) => !good.includes(text))

test('2,000 random changes of good tokens: none is ever accepted, as neither kind', async () => {
  const property = fc.asyncProperty(changed, async (text) => {
    for (const name of names) assert.deepEqual(await kinds[name].verify(tokens, text, NOW), INVALID)
  })
  await fc.assert(property, { numRuns: 2000, seed: 20261122 })
})

test('without the key there is no signature: 2,000 random ones', async () => {
  const [header, payload, signature] = parts(await kinds.refresh.sign(tokens))
  assert.equal(signature, hmac(`${header}.${payload}`))
  const property = fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (random) => {
    const text = `${header}.${payload}.${Buffer.from(random).toString('base64url')}`
    assert.deepEqual(await kinds.refresh.verify(tokens, text, NOW), INVALID)
  })
  await fc.assert(property, { numRuns: 2000, seed: 20261122 })
})
