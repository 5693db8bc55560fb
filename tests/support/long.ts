/** `node --import` this for the longer forms of campaigns, see effort.ts. */
process.env['TEST_LONG'] = 'yes'
