import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'

// The output size of SHA-256, which RFC 7518 §3.2 requires for HS256
const BYTES = 32

/** `rekindle secret` */
export function addSecretCommand(program: Command): void {
  program
    .command('secret')
    .description('print a new secret for JWT_SECRET_KEY')
    .action(() => console.log(randomBytes(BYTES).toString('base64url')))
}
