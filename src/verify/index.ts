/** The exports of `rekindle/verify`, for APIs that verify access tokens. It needs nothing of the service. */
export type { TokenErrorReason } from './errors.ts'
export { TokenError } from './errors.ts'
export type { Keys } from './keys.ts'
export type { Middleware } from './middleware.ts'
export type { PresentedProof } from './proofs.ts'
export type {
  AccessClaims,
  RevocationOptions,
  Verifier,
  VerifierOptions,
  VerifierStatus,
} from './verifier.ts'
export { createVerifier } from './verifier.ts'
