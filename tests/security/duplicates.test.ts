import { base64url, decode, signParts } from '../tokens/forge.ts'
import { attack } from './attack.ts'

/** `{"name": value, …}` with the member in front, or behind, as well. */
function twice(members: Readonly<Record<string, unknown>>, name: string, value: unknown): string[] {
  const text = JSON.stringify(members)
  const member = `${JSON.stringify(name)}:${JSON.stringify(value)}`
  return [`{${member},${text.slice(1)}`, `${text.slice(0, -1)},${member}}`]
}

attack('RFC 7515 §4, RFC 7519 §4: members that come twice', (token, kind) => {
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
