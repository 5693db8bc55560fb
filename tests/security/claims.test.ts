import { base64url, decode, forge, signParts } from '../tokens/forge.ts'
import { attack } from './attack.ts'

const WRONG = [null, true, -1, 1.5, [], {}, ['x'], { $ne: null }, 'x'.repeat(600), 'a\0b', '\ud800']
const TIMES = [null, true, '', 'tomorrow', '9999999999', [], {}, 1e300, -1e300, 8.7e12]

attack('RFC 8725 §3.8, RFC 7519 §4.1: claims that are missing, or of a wrong type', (token) => {
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
  const bodies = ['', 'null', '[]', '0', '"x"', '{}', `[${JSON.stringify(payload)}]`, '{"__proto__":{}}', '{']
  return [
    ...missing,
    ...wrong,
    ...bodies.map((text) => ({ what: text, token: signParts(base64url(header), base64url(text)) })),
  ]
})
