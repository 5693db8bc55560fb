import { decode, forge } from '../tokens/forge.ts'
import { attack } from './attack.ts'

const HOUR = 3600

attack('RFC 7519 §4.1.5 and §4.1.6: tokens that are not good yet, or come from the future', (token) => {
  const { header, payload } = decode(token)
  const iat = Number(payload['iat'])
  const changes: readonly Record<string, unknown>[] = [
    { nbf: iat + 60 },
    { nbf: iat + 365 * 24 * HOUR },
    { nbf: 1e300 },
    { nbf: String(iat) },
    { nbf: null },
    { nbf: [iat] },
    // An hour would be a clock that is set wrong, which logs nobody out.
    { iat: iat + 25 * HOUR },
    { iat: iat + 25 * HOUR, exp: iat + 26 * HOUR },
    { iat: 8_000_000_000_000 },
  ]
  return changes.map((change) => ({
    what: JSON.stringify(change),
    token: forge(header, { ...payload, ...change }),
  }))
})
