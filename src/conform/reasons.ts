/** Why a documented response cannot be had from outside. */
import type { OperationId } from '../http/contract.ts'
import { contract } from './contract.ts'
import type { Example } from './examples.ts'

const BY_KEY: readonly (readonly [RegExp, string])[] = [
  [/^500 /, 'needs a defect of the server'],
  [/^503 unavailable$/, 'needs a database that is away'],
  [/^503 busy$/, 'needs a full queue'],
  [/^503 shutting_down$/, 'needs a server that stops'],
  [/^401 expired$/, 'needs a token that has expired'],
  [/^429 /, 'limits are not used up'],
  [/^403 closed$/, 'needs REGISTRATION=closed'],
  [/^403 disabled$/, 'needs EXPIRED_TOKEN_WINDOW_MINUTES=0'],
  [/^403 cookie_/, 'needs a page in CORS_ORIGINS'],
  [/^401 off_device$/, 'needs half a minute after a binding'],
  [/^404 dbsc_off$/, 'needs DBSC=off'],
  [/^404 off$/, 'needs a server without ADMIN_TOKEN, REVOCATIONS_TOKEN or INTROSPECTION_TOKEN'],
]

export const reasonFor = ({ key }: Pick<Example, 'key'>): string =>
  BY_KEY.find(([pattern]) => pattern.test(key))?.[1] ?? 'no request is known'

const administration = new Set(
  Object.entries(contract.paths)
    .filter(([path]) => path.startsWith('/admin/'))
    .flatMap(([, methods]) => Object.values(methods).map(({ operationId }) => operationId as OperationId)),
)

/** Whether an operation needs the admin token */
export const isAdministration = (operation: OperationId): boolean => administration.has(operation)

/** Of users who must not be the account of the run */
export const needsAdmin = ({ operationId, key }: Example): boolean =>
  isAdministration(operationId) ||
  /^(403 inactive|404 unknown_user)$/.test(key) ||
  // Without a token that is good, nothing is said about the password.
  (operationId === 'resetPassword' && /^200 |_password$|^400 username_inside$/.test(key))

/** What settings and limits of a server may bring instead of a response that was asked for */
const INSTEAD: readonly (readonly [wanted: RegExp, got: RegExp])[] = [
  [/./, /^(429 too_many|403 closed|403 disabled|404 dbsc_off)$/],
  // With a longer minimum, short ones of the list of common passwords are too short.
  [/^400 common_password$/, /^400 short_password$/],
  // Only with PUBLIC_URL there is an issuer.
  [/^(200 metadata|304 empty)$/, /^404 no_issuer$/],
  [/^404 no_issuer$/, /^200 metadata$/],
  // Without a grace, a request that is sent again opens another session.
  [/^409 session_ended$/, /^201 opened$/],
]

export const mayBeInstead = (wanted: string, got: string): boolean =>
  INSTEAD.some(([one, other]) => one.test(wanted) && other.test(got))
