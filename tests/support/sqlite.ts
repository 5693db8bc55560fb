/** `npm test` and `npm run test:programs`: a test that knows both databases runs on SQLite. `npm run test:postgres` runs those on PostgreSQL. */
process.env['TEST_DIALECT'] = 'sqlite'

export { globalSetup, globalTeardown } from './global.ts'
