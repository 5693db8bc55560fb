import type { Mutation } from '../mutation.ts'

/** In src/sessions */
export const sessionFaults: readonly Mutation[] = [
  {
    file: 'src/sessions/revoke.ts',
    find: "{ sessionId, userId, reason: 'logout', now, origin }",
    replace: "{ sessionId, reason: 'logout', now, origin }",
    why: 'a logout ends a session that is not of the user in the token',
    tests: ['tests/http/logout.test.ts'],
  },
  {
    file: 'src/sessions/authenticate.ts',
    find: 'session.absoluteExpiresAt <= now',
    replace: 'session.absoluteExpiresAt < now',
    why: 'an access token is good at the absolute deadline itself',
    tests: ['tests/http/logout.test.ts'],
  },
  {
    file: 'src/sessions/authenticate.ts',
    find: "  if (isExchanged) return { outcome: 'spent', ...subject }\n",
    replace: '',
    why: 'an access token goes on being good after its exchange',
    tests: ['tests/sessions/exchange.test.ts'],
  },
  {
    file: 'src/sessions/classify.ts',
    find: 'now - session.rotatedAt <= grace',
    replace: 'now - session.rotatedAt < grace',
    why: 'the grace of a refresh ends a millisecond early',
    tests: ['tests/sessions/classify.test.ts'],
  },
  {
    file: 'src/sessions/classify.ts',
    find: 'generation === session.generation - 1',
    replace: 'generation < session.generation',
    why: 'any superseded token counts as a retry within the grace',
    tests: ['tests/sessions/classify.test.ts'],
  },
  {
    file: 'src/sessions/exchange.ts',
    find: 'const events = await revokeSession(',
    replace: 'const events: readonly [] = []\n  void revokeSession(',
    why: 'the reuse of an access token is answered before its session has ended',
    tests: ['tests/events/kept.test.ts'],
  },
  {
    file: 'src/sessions/refresh.ts',
    find: "events: await end('reuse')",
    replace: "events: end('reuse') && []",
    why: 'the reuse of a refresh token is answered before its session has ended',
    tests: ['tests/events/kept.test.ts'],
  },
  {
    file: 'src/sessions/refresh.ts',
    find: "events: await end('restored')",
    replace: 'events: []',
    why: 'a session of which a token from before a restored backup was presented lives on',
    tests: ['tests/sessions/refresh.test.ts'],
  },
  {
    file: 'src/sessions/mint.ts',
    find: 'Math.min(now + settings.accessTokenTtl, session.absoluteExpiresAt)',
    replace: 'now + settings.accessTokenTtl',
    why: 'an access token says that it outlives its session',
    tests: ['tests/sessions/refresh.test.ts'],
  },
  {
    file: 'src/sessions/open.ts',
    find: 'Math.min(now + settings.refreshTokenTtl, absoluteExpiresAt)',
    replace: 'now + settings.refreshTokenTtl',
    why: 'the first refresh token says that it outlives its session',
    tests: ['tests/http/settings.test.ts'],
  },
  {
    file: 'src/sessions/context.ts',
    find: ' - settings.exchangeWindow - settings.grace',
    replace: ' - settings.exchangeWindow',
    why: 'a session is over while a replay of its last refresh brings an access token',
    tests: ['tests/store/prune.test.ts', 'tests/sessions/count.test.ts', 'tests/http/sessions-list.test.ts'],
  },
  {
    file: 'src/sessions/prune.ts',
    find: 'context.now() - CLOCK_SLACK',
    replace: 'context.now()',
    why: 'what was pruned lives again when the clock is set back by an hour',
    tests: ['tests/store/prune.test.ts', 'tests/sessions/pruning.test.ts'],
  },
]
