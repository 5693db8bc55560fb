import type { Mutation } from '../mutation.ts'

const REFRESH = ['tests/adoption/refresh.test.ts']
const EXCHANGE = ['tests/adoption/exchange.test.ts']
const RULES = ['tests/adoption/rules.test.ts']
const COMMAND = ['tests/cli/adopt.program.ts']

/** Where tokens of another system are adopted */
export const adoptionFaults: readonly Mutation[] = [
  {
    file: 'src/store/queries/adoptions.ts',
    find: 'if (Number(numInsertedOrUpdatedRows) === 0) return undefined',
    replace: '',
    why: 'adoption: one token opens several sessions',
    tests: REFRESH,
  },
  {
    file: 'src/store/queries/adoptions.ts',
    find: 'return fewAtATime(db, session.userId, async () => {',
    replace:
      'return (async (_: string, work: () => Promise<Opened | undefined>) => work())(session.userId, async () => {',
    why: 'trades of one token take all connections',
    tests: ['tests/store/one-at-a-time.test.ts'],
  },
  {
    file: 'src/store/queries/adoptions.ts',
    find: 'return await transaction(db, (trx) => adoptIn(trx, token, session, origin))',
    replace: 'return await adoptIn(db, token, session, origin)',
    why: 'adoption: half a trade is kept',
    tests: REFRESH,
  },
  {
    file: 'src/store/queries/adoptions.ts',
    find: "    .where('jti', 'in', jtis)\n",
    replace: "    .where('jti', 'in', jtis.slice(0, 0))\n",
    why: 'adoption: a revocation does not end the session of a token that was traded',
    tests: REFRESH,
  },
  {
    file: 'src/sessions/adopt.ts',
    find: "  if (await isForeignRevoked(db, token.jti)) return { outcome: 'revoked', userId }\n",
    replace: '',
    why: 'adoption: the old blacklist is not asked first',
    tests: ['tests/adoption/flask.program.ts', ...REFRESH],
  },
  {
    file: 'src/sessions/adopt.ts',
    find: "    await revokeSession(db, { sessionId, reason: 'operator', now, origin: presented.origin() })\n",
    replace: '',
    why: 'adoption: a session opened beside a revocation lives',
    tests: REFRESH,
  },
  {
    file: 'src/sessions/adopt.ts',
    find: 'adoption.until <= now',
    replace: 'false',
    why: 'adoption: it has no end',
    tests: RULES,
  },
  {
    file: 'src/sessions/adopt.ts',
    find: "if (expiresAt <= now) return { outcome: 'expired', userId }",
    replace: '',
    why: 'adoption: expired tokens are traded',
    tests: [...REFRESH, ...EXCHANGE],
  },
  {
    file: 'src/sessions/adopt.ts',
    find: 'predecessor: 0,',
    replace: 'predecessor: 1,',
    why: 'adoption: a retry is reuse',
    tests: REFRESH,
  },
  {
    file: 'src/sessions/adopt.ts',
    find: "kind === 'refresh' && settings.rotation",
    replace: "kind === 'refresh'",
    why: 'adoption: without rotation, an old token works once',
    tests: REFRESH,
  },
  {
    file: 'src/sessions/adopt.ts',
    find: "jkt: kind === 'refresh' && jkt !== '' ? jkt : undefined",
    replace: 'jkt: undefined',
    why: 'adoption: a proof does not bind the session',
    tests: REFRESH,
  },
  {
    file: 'src/sessions/adopt.ts',
    find: 'cookieAt: cookie ? now : null',
    replace: 'cookieAt: null',
    why: 'adoption: a session in cookie mode does not know it',
    tests: RULES,
  },
  {
    file: 'src/sessions/refresh.ts',
    find: "if (outcome?.outcome !== 'refreshed') return outcome",
    replace: 'return outcome',
    why: 'adoption: without rotation, the second answer does not bring our token',
    tests: REFRESH,
  },
  {
    file: 'src/sessions/exchange.ts',
    find: 'const mayClaim = mayWrite && claimed === undefined',
    replace: 'const mayClaim = mayWrite',
    why: 'adoption: an access token is exchanged a second time',
    tests: EXCHANGE,
  },
  {
    file: 'src/tokens/foreign.ts',
    find: "token.slice(0, token.lastIndexOf('.'))",
    replace: 'token',
    why: 'adoption: a token that is spelled differently is another one',
    tests: REFRESH,
  },
  {
    file: 'src/tokens/foreign.ts',
    find: 'algorithms: [...rules.algorithms],',
    replace: '',
    why: 'adoption: the token chooses its algorithm',
    tests: RULES,
  },
  {
    file: 'src/tokens/foreign.ts',
    find: 'const expiresAt = milliseconds(claims.exp)',
    replace: 'const expiresAt = milliseconds(claims.exp ?? 8e12)',
    why: 'adoption: a token without end is adopted',
    tests: RULES,
  },
  {
    file: 'src/tokens/foreign.ts',
    find: 'if (isShared && isTypedAsOurs(token)) return KEY',
    replace: '',
    why: 'adoption: our access token becomes a refresh token',
    tests: RULES,
  },
  {
    file: 'src/tokens/foreign.ts',
    find: '  return !KIND_CLAIMS.some((claim) => String(claims[claim]).toLowerCase() === OTHER[kind])',
    replace: '  return true',
    why: 'adoption: a refresh token is exchanged as an access token',
    tests: EXCHANGE,
  },
  {
    file: 'src/tokens/foreign.ts',
    find: "      return { outcome: 'unavailable' }\n",
    replace: '      return KEY\n',
    why: 'adoption: while keys cannot be fetched, clients are logged out',
    tests: RULES,
  },
  {
    file: 'src/tokens/foreign.ts',
    find: "if (!('url' in key) || OF_TOKENS.some((type) => error instanceof type)) return KEY",
    replace:
      "if (OF_TOKENS.some((type) => error instanceof type)) return KEY\n      if (!('url' in key)) throw error",
    why: 'adoption: a key that cannot be used is an error of the service',
    tests: RULES,
  },
  {
    file: 'src/tokens/foreign.ts',
    find: 'if (Number.isSafeInteger(claim)) return String(claim)',
    replace: '',
    why: 'adoption: numbers name nobody',
    tests: RULES,
  },
  {
    file: 'src/http/pipeline/refresh-credential.ts',
    find: 'const [token = foreign[0] ?? first] = authentic',
    replace: 'const [token = first] = authentic',
    why: 'adoption: a cookie of ours that is worth nothing hides the old one',
    tests: RULES,
  },
  {
    file: 'src/http/pipeline/cross-site.ts',
    find: ' + foreignCookies(c, settings).length',
    replace: '',
    why: 'adoption: other sites can use the old cookie',
    tests: RULES,
  },
  {
    file: 'src/store/queries/prune.ts',
    find: "trx.selectFrom('adopted_tokens').select('digest').where('expires_at', '<=', now)",
    replace: "trx.selectFrom('adopted_tokens').select('digest')",
    why: 'adoption: rows are pruned while their tokens live',
    tests: REFRESH,
  },
  {
    file: 'src/cli/adopt.ts',
    find: '    await write()\n  })',
    replace: '  })',
    why: 'adoption: the last lines of a list are lost',
    tests: COMMAND,
  },
]
