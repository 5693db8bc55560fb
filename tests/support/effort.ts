/** @returns how much a campaign does: the first in `npm test`, the second in `npm run test:long` */
export const effort = <T>(short: T, long: T): T => (process.env['TEST_LONG'] === undefined ? short : long)
