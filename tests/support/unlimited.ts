/** For campaigns that come from one address by the thousand: the environment of a program whose limits are off. */
export const UNLIMITED = {
  LIMIT_LOGIN_ADDRESS: 'off',
  LIMIT_LOGIN_ACCOUNT: 'off',
  LIMIT_LOGIN_DELAY: 'off',
  LIMIT_REGISTER_ADDRESS: 'off',
  LIMIT_PASSWORD_ADDRESS: 'off',
  LIMIT_REFRESH_SESSION: 'off',
  LIMIT_FAILURES_ADDRESS: 'off',
}
