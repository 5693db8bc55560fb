import { createHash } from 'node:crypto'
import type { Limit, Settings } from '../config/settings.ts'
import { ChunkedLimit } from './chunked.ts'
import type { LimitContext } from './count.ts'
import { counting, delay, seen } from './counters.ts'
import type { Attempt, Counter } from './guesses.ts'
import { Guesses } from './guesses.ts'
import { networkOf } from './networks.ts'
import type { LimitRefusal } from './refusal.ts'

type Counters = (whom: string) => readonly Counter[]

/** All limits of the service: see `docs/adr/0020-limits.md`. An address may be unknown. */
export interface Limits {
  /** @param account what its name is compared by, whether there is such an account or not */
  login(account: string, address: string | null): Promise<Attempt | LimitRefusal>
  /** Whoever changes a password says the old one, which can be guessed; but only by who has a session. */
  password(account: string, sessionId: string, address: string | null): Promise<Attempt | LimitRefusal>
  register(address: string | null): Promise<Attempt | LimitRefusal>
  /** Counts a refresh or an exchange. */
  mayWrite(sessionId: string): Promise<boolean>
  /** Why it may not. */
  refusalOfSession(sessionId: string): LimitRefusal
  /** Counts a token that was refused. @returns undefined when that was not too many */
  failure(address: string | null): Promise<LimitRefusal | undefined>
}

export function createLimits(
  { limits: settings, sessionMaxAge }: Pick<Settings, 'limits' | 'sessionMaxAge'>,
  context: LimitContext,
): Limits {
  const by = (name: string, limit: Limit | false, counts: 'failures' | 'tries'): Counters => {
    if (limit === false) return () => []
    const counter = counting({ name, ...limit }, context, counts)
    return (whom) => [counter(whom)]
  }
  const chunked = (name: string, limit: Limit | false) =>
    limit === false ? undefined : new ChunkedLimit({ name, ...limit }, context)

  const guesses = new Guesses(context)
  const addresses = seen(sessionMaxAge, context)
  const loginAccount = by('login-account', settings.loginAccount, 'failures')
  const loginAddress = by('login-address', settings.loginAddress, 'failures')
  const passwordAddress = by('password', settings.passwordAddress, 'tries')
  const registerAddress = by('register', settings.registerAddress, 'tries')
  const sessions = chunked('refresh', settings.refreshSession)
  const failures = chunked('failures', settings.failuresAddress)

  // Names that nobody has are counted, too: none is to be kept as it is.
  const hashOf = (account: string) => createHash('sha256').update(account).digest('base64url')
  const delays: Counters = (whom) => (settings.loginDelay ? [delay(whom, context)] : [])

  async function ofAccount(account: string, network: string): Promise<Counter[]> {
    const hash = hashOf(account)
    const pair = `${hash}:${network}`
    if (settings.loginAccount === false) return [...delays(pair)]
    // Where its owner has been is counted apart: no stranger uses up what the owner needs.
    const whom = (await addresses.has(pair)) ? pair : hash
    return [...delays(pair), ...loginAccount(whom), addresses.counter(pair)]
  }

  return {
    async login(account, address) {
      const network = networkOf(address)
      return guesses.begin([...(await ofAccount(account, network)), ...loginAddress(network)])
    },
    async password(account, sessionId, address) {
      const whom = `${hashOf(account)}:${sessionId}`
      return guesses.begin([...delays(whom), ...loginAccount(whom), ...passwordAddress(networkOf(address))])
    },
    register: (address) => guesses.begin(registerAddress(networkOf(address))),
    mayWrite: async (sessionId) => sessions?.allow(sessionId) ?? true,
    refusalOfSession(sessionId) {
      if (sessions === undefined) throw new TypeError('a limit that is off refuses nobody')
      return sessions.refusal(sessionId)
    },
    async failure(address) {
      const network = networkOf(address)
      return failures === undefined || (await failures.allow(network)) ? undefined : failures.refusal(network)
    },
  }
}
