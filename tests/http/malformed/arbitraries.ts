/** Requests of attackers, broken clients and scanners. None of them may succeed in changing anything. */
import fc from 'fast-check'
import { resigned, respelt } from '../../support/tokens.ts'
import { inHeader } from './send.ts'

const nested = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth)

export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    '',
    '\0',
    '\ud800',
    '__proto__',
    'constructor',
    "' or 1=1 --",
    '"; drop table users; --',
    '%00',
    '%0d%0aInjected:%201',
    '\r\nInjected: 1\r\n\r\n',
    '../../etc/passwd',
    '..%2f..%2f',
    '<script>alert(1)</script>',
    '{{7*7}}',
    'null',
    'undefined',
    '-1',
    '\u202e\ufeff\u0000',
    'x'.repeat(5000),
  ),
)

/** Close to a real token, but a different text: white space, quotes or `;` must not be the only difference. */
function mutated(token: string): fc.Arbitrary<string> {
  const at = fc.nat({ max: token.length - 1 })
  const parts = token.split('.')
  return fc
    .oneof(
      fc
        .tuple(at, fc.string({ minLength: 1, maxLength: 2 }))
        .map(([i, s]) => token.slice(0, i) + s + token.slice(i + 1)),
      fc.tuple(at, fc.string({ maxLength: 3 })).map(([i, s]) => token.slice(0, i) + s + token.slice(i)),
      fc.tuple(at, at).map(([i, j]) => token.slice(0, i) + token.slice(j)),
      fc.constantFrom(...respelt(token), `${token}=`, `${token}.`),
      fc.shuffledSubarray(parts, { minLength: 0 }).map((some) => some.join('.')),
      fc.array(fc.constantFrom(...parts, '', 'e30'), { maxLength: 6 }).map((some) => some.join('.')),
      fc
        .dictionary(fc.constantFrom('alg', 'typ', 'crit', 'kid', 'jwk', 'b64', 'zip', 'x'), fc.jsonValue())
        .map((header) => {
          const head = Buffer.from(JSON.stringify({ alg: 'none', ...header })).toString('base64url')
          return `${head}.${parts[1]}.${parts[2]}`
        }),
      fc
        .dictionary(
          fc.constantFrom('sub', 'sid', 'jti', 'iat', 'exp', 'nbf', 'type', 'iss', 'aud'),
          fc.jsonValue(),
          {
            minKeys: 1,
          },
        )
        // Signed with the right key, with a type that no token has.
        .map((claims) => resigned(token, { ...claims, type: 'other' })),
    )
    .filter((other) => other.split(';')[0]?.replaceAll(/["\s]/g, '') !== token)
}

export const badToken = (...real: string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...real).chain(mutated) },
    { weight: 1, arbitrary: text },
    { weight: 1, arbitrary: fc.base64String({ maxLength: 60 }).map((part) => `${part}.${part}.${part}`) },
  )

/** Text that is not JSON, or JSON that no operation accepts. */
export const badJson: fc.Arbitrary<string | Buffer> = fc.oneof(
  fc.json(),
  text,
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(
    '',
    'null',
    'NaN',
    '{',
    '{}{}',
    '{"a":1,}',
    "{'a':1}",
    '[1e999]',
    '1'.repeat(5000),
    '"\\ud800"',
    nested('[', ']', 8000),
    nested('{"a":', '}', 2000).replace('}', '1}'),
    '['.repeat(16_000),
    '{"__proto__":{"username":"ada"}}',
    '{"constructor":{"prototype":{"a":1}}}',
    `{${'"a":1,'.repeat(2000)}"a":1}`,
    'x'.repeat(17_000),
    Buffer.from([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]),
    Buffer.from('{"username":"\xff","password":1}', 'latin1'),
  ),
)

const badValue = fc.oneof(
  fc.constantFrom(
    null,
    true,
    0,
    -0,
    1e308,
    '',
    '\0',
    '\ud800',
    'a\u200bb\ud800',
    'x'.repeat(300).concat('\ud800'),
    [],
    {},
  ),
  fc.jsonValue().filter((value) => typeof value !== 'string'),
)

/** A valid body, broken in one place. */
export function brokenBody(fitting: Readonly<Record<string, string>>): fc.Arbitrary<string> {
  const whole = JSON.stringify(fitting)
  const name = fc.constantFrom(...Object.keys(fitting))
  return fc.oneof(
    fc.tuple(name, badValue).map(([key, value]) => JSON.stringify({ ...fitting, [key]: value })),
    name.map((key) => JSON.stringify({ ...fitting, [key]: undefined })),
    fc.tuple(text, fc.jsonValue()).map(([key, value]) => JSON.stringify({ ...fitting, [`x${key}`]: value })),
    // If several members have one name, the last one counts.
    fc
      .tuple(name, badValue)
      .map(([key, value]) => `${whole.slice(0, -1)},"${key}":${JSON.stringify(value)}}`),
    fc.constantFrom('__proto__', 'toString').map((key) => `${whole.slice(0, -1)},"${key}":{"a":1}}`),
    fc.nat({ max: whole.length - 1 }).map((length) => whole.slice(0, length)),
    fc.constantFrom('x', ',', '}', '\0').map((end) => whole + end),
    fc.constant(JSON.stringify([fitting])),
    fc.constant(JSON.stringify(whole)),
    fc.constant(whole.padEnd(17_000)),
  )
}

export const badType: fc.Arbitrary<string> = fc.oneof(
  text.map(inHeader).filter((type) => !/^application\/json\s*(;|$)/i.test(type)),
  fc.constantFrom(
    'text/plain',
    'text/json',
    'application/ld+json',
    'application/json, text/plain',
    'application/jsonp',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'multipart/form-data; boundary=x',
    'application/xml',
    ';application/json',
  ),
)

/** Headers without a meaning here, with any values. */
export const otherHeaders: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.constantFrom(
    'X-Request-Id',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-HTTP-Method-Override',
    'Forwarded',
    'Origin',
    'Referer',
    'User-Agent',
    'Accept',
    'Accept-Encoding',
    'Content-Language',
    'If-None-Match',
    'If-Modified-Since',
    'Range',
    'Upgrade',
    'X',
  ),
  text.map(inHeader),
  { maxKeys: 4 },
)
