import type { SessionContext } from '../../sessions/context.ts'
import { openSession } from '../../sessions/open.ts'
import type { Origin } from '../../store/queries/events.ts'
import type { AccountContext, CredentialCheck, Credentials } from '../../users/accounts.ts'
import { checkCredentials } from '../../users/accounts.ts'

type LoginRefusal = Extract<CredentialCheck, { readonly userId: string | undefined }>
type Opened = { readonly outcome: 'opened' } & NonNullable<Awaited<ReturnType<typeof openSession>>>

const TRIES = 3

/**
 * Checks the credentials and opens a session, unless the password, or the user, is no longer what was checked. Then it
 * is checked anew: another login may have raised the hash, and that is no reason to refuse this one.
 *
 * @throws TooBusyError
 */
export async function logIn(
  context: SessionContext & AccountContext,
  credentials: Credentials,
  origin: Origin,
): Promise<Opened | LoginRefusal | { readonly outcome: 'overtaken'; readonly userId: string }> {
  for (let tries = 1; ; tries++) {
    const check = await checkCredentials(context, credentials)
    if (check.outcome !== 'verified') return check
    const { user, passwordHash, rehashed } = check
    const grant = await openSession(context, { userId: user.id, passwordHash, rehashed, ...origin })
    if (grant !== undefined) return { outcome: 'opened', ...grant }
    if (tries === TRIES) return { outcome: 'overtaken', userId: user.id }
  }
}
