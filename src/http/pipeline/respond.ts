import type { Context } from 'hono'
import type { StatusCode } from 'hono/utils/http-status'
import { errorWords } from '../../../generated/errors.ts'
import { ALGORITHMS } from '../../proofs/dpop.ts'
import type { Env, OperationId, Reply, Respond } from '../contract.ts'
import type { Core } from '../core.ts'
import { dpopTokens, refreshCookies, sentTokens } from './credentials.ts'
import { offerNonce } from './proofs.ts'

/** A response before it is sent. Handlers see it as an opaque {@link Reply}. */
export interface Draft {
  readonly status: StatusCode
  /** Null with a body of null */
  readonly type: string | null
  readonly body: string | Uint8Array<ArrayBuffer> | null
  /** Of a failure */
  readonly message?: ErrorMessage
}

/** `Request was cut off.` is only logged. */
type ErrorMessage = keyof typeof errorWords | 'Request was cut off.'

const WORDS: Readonly<Partial<Record<ErrorMessage, string>>> = errorWords

/** A member or parameter that does not match the contract. `reason` is for programs, `message` for people. */
export interface InvalidMember {
  readonly path: string
  readonly reason: string
  readonly message: string
}

const draft = (status: number, type: string | null, body: Draft['body']): Draft => ({
  status: status as StatusCode,
  type,
  body,
})
const jsonDraft = (status: number, body: unknown) => draft(status, 'application/json', JSON.stringify(body))

/** A response without a body */
export function emptyDraft(status: number): Draft {
  return draft(status, null, null)
}

/** The error envelope. @param errors for a request that does not match the contract */
export function failureDraft(
  status: number,
  message: ErrorMessage,
  errors?: readonly InvalidMember[],
): Draft {
  return { ...jsonDraft(status, { status: 'error', code: status, message, errors }), message }
}

const responders = {
  success: (status: number, data: unknown) => jsonDraft(status, { status: 'success', code: status, data }),
  failure: failureDraft,
  json: jsonDraft,
  raw: draft,
  empty: emptyDraft,
}

/** The same functions for all operations. Only the contract's types differ. */
export const respond = responders as unknown as Respond<OperationId>

/** A Reply is a Draft at run time. Its type hides that from handlers. */
export const draftOf = (reply: Reply<OperationId>) => reply as unknown as Draft

// Seconds. A lock or a full queue rarely lasts longer.
const RETRY_AFTER = '2'

// RFC 6750 §3.1: "If the request lacks any authentication information, the resource server SHOULD NOT include an
// error code". The message says whether this operation missed a token: a cookie does not authenticate `/me`. A token in the
// body is not a credential of this scheme.
function challenge(core: Core, c: Context<Env>, message = ''): string {
  const proofError = PROOF_ERRORS[message]
  if (proofError !== undefined) return dpopChallenge(proofError)
  const hasToken = sentTokens(c).length > 0 || refreshCookies(c, core.settings).length > 0
  const isRefused = hasToken && /\btoken\b/i.test(message) && !message.endsWith(' missing.')
  const error = isRefused ? ', error="invalid_token"' : ''
  return isRefused && dpopTokens(c).length > 0 ? dpopChallenge(error) : `Bearer realm="rekindle"${error}`
}

// RFC 9449 §7.1, §8 and §9. The errors of a missing proof are none, as those of a missing token.
const PROOF_ERRORS: Readonly<Record<string, string>> = {
  'DPoP proof missing.': '',
  'Invalid DPoP proof.': ', error="invalid_dpop_proof"',
  'DPoP nonce required.': ', error="use_dpop_nonce"',
  'DPoP key mismatch.': ', error="invalid_token"',
}

// Administration has no proofs, and browsers prove devices without nonces.
const WITHOUT_DPOP = /\badmin\b|^Invalid device proof\.|^Device session /i

const dpopChallenge = (error: string) => `DPoP realm="rekindle"${error}, algs="${ALGORITHMS.join(' ')}"`

/** Sends a response with the headers that the contract requires for its status. Every response passes here. */
export function send(core: Core, c: Context<Env>, { status, type, body, message }: Draft): Response {
  if (message !== undefined) c.set('error', message)
  const headers = c.get('headers')
  if (type !== null) headers['Content-Type'] = type.startsWith('text/') ? `${type}; charset=utf-8` : type
  if (type === 'application/json') headers['Cache-Control'] ??= 'no-store'
  if (status === 401) {
    headers['WWW-Authenticate'] ??= challenge(core, c, message)
    if (!WITHOUT_DPOP.test(message ?? '')) offerNonce(core, c, message)
  }
  if (status === 503) headers['Retry-After'] = RETRY_AFTER
  const word = message && WORDS[message]
  if (word) headers['Rekindle-Error'] = word
  // `c.body` would copy them into a Headers object.
  return new Response(body, { status, headers })
}
