import { retryOvertaken } from '../../retry.ts'
import type { SessionContext } from '../../sessions/context.ts'
import { openSession } from '../../sessions/open.ts'
import type { Origin } from '../../store/queries/events.ts'
import type { AccountContext, CredentialCheck, Credentials } from '../../users/accounts.ts'
import { checkCredentials } from '../../users/accounts.ts'

type LoginRefusal =
  | Extract<CredentialCheck, { readonly userId: string | undefined }>
  | { readonly outcome: 'overtaken'; readonly userId: string | undefined }
type Opened = { readonly outcome: 'opened' } & NonNullable<Awaited<ReturnType<typeof openSession>>>

/**
 * Checks the credentials and opens a session. If the password hash or the user changed in between, the credentials are
 * checked again, because another login may only have hashed the same password at a higher cost.
 *
 * @param jkt the thumbprint of the key that the session is bound to
 */
export async function logIn(
  context: SessionContext & AccountContext,
  credentials: Credentials & { readonly cookie?: boolean | undefined },
  origin: Origin,
  jkt?: string,
): Promise<Opened | LoginRefusal> {
  const { address, userAgent } = origin
  let userId: string | undefined
  const outcome = await retryOvertaken<Opened | LoginRefusal>(async () => {
    const check = await checkCredentials(context, credentials)
    if (check.outcome !== 'verified') return check
    const { user, passwordHash, rehashed } = check
    userId = user.id
    const { cookie } = credentials
    const login = { userId, passwordHash, rehashed, userAgent, address, cookie, jkt }
    const grant = await openSession(context, login, origin)
    return grant && { outcome: 'opened', ...grant }
  })
  return outcome ?? { outcome: 'overtaken', userId }
}
