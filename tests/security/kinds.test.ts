import { decode, forge } from '../tokens/forge.ts'
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

attack('RFC 8725 §3.11 and §3.12: a token of another kind, however it is labelled', (token, kind, live) => {
  const { header, payload } = decode(token)
  const { header: otherHeader, payload: otherPayload } = decode(
    kind === 'access' ? live.refreshToken : live.accessToken,
  )
  // At logout either kind is right: there only mixtures of both are wrong.
  return [
    { what: 'the other’s header', token: forge(otherHeader, payload) },
    { what: 'the other’s claims', token: forge(header, otherPayload) },
    { what: 'the other’s `type`', token: forge(header, { ...payload, type: otherPayload['type'] }) },
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
  (token) => {
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
  { issuer: 'https://id.example', audience: 'https://api.example' },
)
