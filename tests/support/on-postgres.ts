/** `npm run test:postgres`: the test files that know both databases, on PostgreSQL. `npm test` runs them on SQLite. */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'

// `test` of database.ts makes one test for each database.
const KNOWS_BOTH = /import \{[^}]*\btest\b[^}]*\} from '(\.\.\/)+support\/database\.ts'/

// Without those of `npm run test:contract`, which runs them on both
const files = globSync('tests/!(conform|contract)/**/!(documented).{test,program}.ts')
  .filter((file) => KNOWS_BOTH.test(readFileSync(file, 'utf8')))
  .sort()
const options = ['--test', '--test-global-setup=tests/support/global.ts', '--test-concurrency=3']
const { status } = spawnSync(process.execPath, [...options, ...process.argv.slice(2), ...files], {
  stdio: 'inherit',
  env: { ...process.env, TEST_DIALECT: 'postgres' },
})
process.exit(status ?? 1)
