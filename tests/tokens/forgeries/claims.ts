/** Forgeries of the payload: kinds, claims, times, duplicate members. */
import { base64url, decode, forge, signParts } from '../forge.ts'
import { attack } from './attack.ts'

const TYPS = [
  'JWT',
  'jwt',
  '',
  'id+jwt',
  'logout+jwt',
  'dpop+jwt',
  'application/jwt',
  null,
  0,
  ['at+jwt'],
  undefined,
]

attack('RFC 8725 §3.11 and §3.12: a token of another kind, however it is labelled', ({ token, other }) => {
  const { header, payload } = decode(token)
  const { header: otherHeader, payload: otherPayload } = decode(other)
  // A logout accepts both kinds, so only mixtures of both are wrong there.
  return [
    { what: 'the other’s header', token: forge(otherHeader, payload) },
    { what: 'the other’s claims', token: forge(header, otherPayload) },
    { what: 'the other’s `type`', token: forge(header, { ...payload, type: otherPayload['type'] }) },
    { what: 'both claims, the other’s header', token: forge(otherHeader, { ...otherPayload, ...payload }) },
    {
      what: 'both claims, the other’s `type`',
      token: forge(header, { ...otherPayload, ...payload, type: otherPayload['type'] }),
    },
    { what: 'the other’s claims, our `jti`', token: forge(header, { ...otherPayload, jti: payload['jti'] }) },
    ...['id', 'ACCESS', 'Refresh', ''].map((type) => ({
      what: `type ${type}`,
      token: forge(header, { ...payload, type }),
    })),
    ...TYPS.map((typ) => ({ what: `typ ${typ}`, token: forge({ ...header, typ }, payload) })),
  ]
})

attack(
  'RFC 9700 §2.3: a token for another audience, or of another issuer',
  ({ token }) => {
    const { header, payload } = decode(token)
    const values = [
      undefined,
      null,
      '',
      'https://evil.example',
      ['https://evil.example'],
      [],
      {},
      'HTTPS://ID.EXAMPLE',
    ]
    return ['iss', 'aud'].flatMap((name) =>
      values.map((value) => ({
        what: `${name}: ${JSON.stringify(value)}`,
        token: forge(header, { ...payload, [name]: value }),
      })),
    )
  },
  'named',
)

const WRONG = [null, true, -1, 1.5, [], {}, ['x'], { $ne: null }, 'x'.repeat(600), 'a\0b', '\ud800']
const TIMES = [null, true, '', 'tomorrow', '9999999999', [], {}, 1e300, -1e300, 8.7e12]

attack('RFC 8725 §3.8, RFC 7519 §4.1: claims that are missing, or of a wrong type', ({ token }) => {
  const { header, payload } = decode(token)
  const names = Object.keys(payload).filter((name) => name !== 'iss' && name !== 'aud')
  const missing = names.map((name) => {
    const { [name]: _, ...others } = payload
    return { what: `without ${name}`, token: forge(header, others) }
  })
  const wrong = names.flatMap((name) => {
    const values = name === 'exp' || name === 'iat' ? TIMES : WRONG
    return values.map((value) => ({
      what: `${name}: ${JSON.stringify(value)?.slice(0, 20)}`,
      token: forge(header, { ...payload, [name]: value }),
    }))
  })
  const bodies = [
    '',
    'null',
    '[]',
    '0',
    '"x"',
    '{}',
    `[${JSON.stringify(payload)}]`,
    '{"__proto__":{}}',
    '{',
    '{"sub":}',
    '\ufeff{}',
  ]
  return [
    ...missing,
    ...wrong,
    ...bodies.map((text) => ({ what: text, token: signParts(base64url(header), base64url(text)) })),
  ]
})

const HOUR = 3600

attack('RFC 7519 §4.1.5 and §4.1.6: tokens that are not good yet, or come from the future', ({ token }) => {
  const { header, payload } = decode(token)
  const iat = Number(payload['iat'])
  const changes: readonly Record<string, unknown>[] = [
    { nbf: iat + 60 },
    { nbf: iat + 365 * 24 * HOUR },
    { nbf: 1e300 },
    { nbf: String(iat) },
    { nbf: null },
    { nbf: [iat] },
    // An hour may be a wrong clock, which must not log users out.
    { iat: iat + 25 * HOUR },
    { iat: iat + 25 * HOUR, exp: iat + 26 * HOUR },
    { iat: 8_000_000_000_000 },
  ]
  return changes.map((change) => ({
    what: JSON.stringify(change),
    token: forge(header, { ...payload, ...change }),
  }))
})

/** `{"name": value, …}` with the member also at the beginning, or at the end. */
function twice(members: Readonly<Record<string, unknown>>, name: string, value: unknown): string[] {
  const text = JSON.stringify(members)
  const member = `${JSON.stringify(name)}:${JSON.stringify(value)}`
  return [`{${member},${text.slice(1)}`, `${text.slice(0, -1)},${member}}`]
}

attack('RFC 7515 §4, RFC 7519 §4: members that come twice', ({ token, kind }) => {
  const { header, payload } = decode(token)
  const other = kind === 'access' ? 'rt+jwt' : 'at+jwt'
  const headers: [string, unknown][] = [
    ['alg', 'none'],
    ['alg', 'HS256'],
    ['alg', 'RS256'],
    ['typ', other],
    ['typ', header['typ']],
  ]
  const claims: [string, unknown][] = [
    ['exp', 9_000_000_000],
    ['exp', payload['exp']],
    ['sub', 'somebody else'],
    ['sub', payload['sub']],
    ['sid', 'another'],
    ['jti', 'another'],
    ['type', kind === 'access' ? 'refresh' : 'access'],
    ['iat', 0],
    ['nbf', 0],
  ]
  return [
    ...headers
      .flatMap(([name, value]) => twice(header, name, value))
      .map((text) => ({
        what: text,
        token: signParts(base64url(text), base64url(payload)),
      })),
    ...claims
      .filter(([name]) => name in payload)
      .flatMap(([name, value]) => twice(payload, name, value))
      .map((text) => ({ what: text, token: signParts(base64url(header), base64url(text)) })),
  ]
})
