import { generateKeyPairSync } from 'node:crypto'

const form = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const

/** Key pairs as openssl writes them */
export const PEM = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256', ...form }),
  EdDSA: generateKeyPairSync('ed25519', form),
}
