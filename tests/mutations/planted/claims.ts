import type { Mutation } from '../mutation.ts'

const tests = ['tests/http/claims.test.ts'] as const

/** Claims of users and sessions */
export const claimFaults: readonly Mutation[] = [
  {
    file: 'src/tokens/own-claims.ts',
    find: '{ ...readClaims(userClaims), ...readClaims(claims) }',
    replace: '{ ...readClaims(claims), ...readClaims(userClaims) }',
    why: 'claims of a user precede those of the session',
    tests,
  },
  {
    file: 'src/tokens/own-claims.ts',
    find: ", 'claims_version'],",
    replace: '],',
    why: 'an administrator can set the version of the claims',
    tests,
  },
  {
    file: 'src/users/claims.ts',
    find: 'Buffer.byteLength(JSON.stringify(claims)) > MAX_CLAIMS',
    replace: 'JSON.stringify(Object.values(claims)).length > MAX_CLAIMS',
    why: 'long names of claims make tokens of any size',
    tests,
  },
  {
    file: 'src/users/claims.ts',
    find: '.every(([name, member]) => isText(name) && isPortable(member, depth + 1))',
    replace: '.every(([, member]) => isPortable(member, depth + 1))',
    why: 'a claim has a member __proto__',
    tests,
  },
  {
    file: 'src/store/queries/claims.ts',
    find: 'await locked(trx, found).executeTakeFirst()',
    replace: 'await (locked && found).executeTakeFirst()',
    why: 'two changes of claims at once are one demand for a refresh',
    tests,
  },
  {
    file: 'src/store/queries/claims.ts',
    find: '    if (text === user.claims) return { user, events: [] }\n',
    replace: '',
    why: 'the same claims again are another event',
    tests,
  },
  {
    file: 'src/store/queries/claims.ts',
    find: '    if (refreshNow) await insertEnded(trx, [{ userId: id, claimsVersion: version }], now)\n',
    replace: '',
    why: 'APIs do not learn that claims demand a refresh',
    tests,
  },
  {
    file: 'src/store/queries/claims.ts',
    find: 'versionOf(user.claims) + (refreshNow ? 1 : 0)',
    replace: '(refreshNow ? versionOf(user.claims) + 1 : 0)',
    why: 'a later change of claims forgets that an earlier one demanded a refresh',
    tests,
  },
  {
    file: 'src/sessions/authenticate.ts',
    find: "  if (claimsVersion < versionOf(user.claims)) return { outcome: 'outdated', ...subject }\n",
    replace: '',
    why: 'this service accepts access tokens with outdated claims',
    tests,
  },
  {
    file: 'src/sessions/exchange.ts',
    find: '    claims: claimsFor(claim),\n',
    replace: '',
    why: 'an exchange loses the claims',
    tests,
  },
  {
    file: 'src/sessions/open.ts',
    find: '        ...(login.claims ? [login.claims] : []),\n',
    replace: '',
    why: 'a session with other claims is taken for a repetition',
    tests,
  },
  {
    file: 'src/verify/ended-tokens.ts',
    find: 'isOfUser(range, sid, claims_version)',
    replace: 'isWithin(range, sid)',
    why: 'an API refuses a user for good whose claims demanded a refresh',
    tests,
  },
]
