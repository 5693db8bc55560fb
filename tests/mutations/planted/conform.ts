import type { Mutation } from '../mutation.ts'

/** In src/conform, and what it has found */
export const conformFaults: readonly Mutation[] = [
  {
    file: 'src/conform/differences.ts',
    find: "return values.flatMap((value) => valueDifferences(name, header, value ?? ''))",
    replace: 'return []',
    why: 'the value of a header may be any',
    tests: ['tests/contract/check-response.test.ts'],
  },
  {
    file: 'src/conform/differences.ts',
    find: 'leniency.foreignHeaders === true && !known.has(name)',
    replace: 'leniency.foreignHeaders === true',
    why: 'a cookie that nobody documents passes through a proxy',
    tests: ['tests/conform/lies.test.ts'],
  },
  {
    file: 'src/conform/account.ts',
    find: "      await connection.raw('/api/auth/logout', { method: 'POST', bearer: this.#last.accessToken })\n",
    replace: '      await connection\n',
    why: 'a run opens so many sessions that the server ends the first ones',
    tests: ['tests/conform/conform.test.ts'],
  },
  {
    file: 'src/conform/findings.ts',
    find: 'withoutSecrets(text, holdsSecret).slice',
    replace: 'text.slice',
    why: 'a token that a server repeats is printed into the log of a CI',
    tests: ['tests/conform/lies.test.ts'],
  },
  {
    file: 'src/conform/run.ts',
    find: 'await converse(connection, findings, options, connect({ ...shared, stop: never }))',
    replace: 'await converse(connection, findings, options, connection)',
    why: 'a run that is stopped leaves its users behind',
    tests: ['tests/conform/conform.test.ts'],
  },
  {
    file: 'src/http/pipeline/checks.ts',
    find: 'return Number(length ?? 0) > MAX_BODY ? discardBody(c).then(() => tooLarge(c)) : next()',
    replace: 'return Number(length ?? 0) > MAX_BODY ? tooLarge(c) : next()',
    why: 'nginx answers 502 to some bodies that are too large',
    tests: ['tests/http/nginx.program.ts'],
  },
]
