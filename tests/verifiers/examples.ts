/** The libraries for Node whose code `docs/access-tokens.md` has. */
import { PUBLIC_ALGORITHMS } from '../../src/tokens/algorithms.ts'
import { codeOf } from './page.ts'
import type { Algorithm } from './service.ts'

export interface Example {
  readonly name: string
  readonly code: string
  readonly algorithms: readonly Algorithm[]
}

const example = (name: string, algorithms: readonly Algorithm[] = PUBLIC_ALGORITHMS): Example => ({
  name,
  code: codeOf(name, 'js'),
  algorithms,
})

export const EXAMPLES: readonly Example[] = [
  example('jose'),
  example('jsonwebtoken with jwks-rsa', ['ES256', 'RS256']),
  example('express-oauth2-jwt-bearer'),
  example('fast-jwt with get-jwks'),
  example('Hono'),
  example('aws-jwt-verify'),
  ...['jsonwebtoken', 'fast-jwt', 'express-oauth2-jwt-bearer'].map(
    (name, index): Example => ({
      name: `${name}, with the secret`,
      code: codeOf('With HS256', 'js', index),
      algorithms: ['HS256'],
    }),
  ),
]
