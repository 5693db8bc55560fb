import type { KeyObject } from 'node:crypto'
import { generateKeyPairSync } from 'node:crypto'

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }

/** A key pair as openssl writes it */
export const pemOf = ({ publicKey, privateKey }: Pair) => ({
  publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
})

export const PEM = {
  ES256: pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
  RS256: pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 })),
  EdDSA: pemOf(generateKeyPairSync('ed25519')),
}
