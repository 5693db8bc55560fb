/** What tests agree on, for those that do without the rest of the service. */
export const MINUTE = 60_000
export const DAY = 86_400_000
/** Given to a core as it is: a service that reads its settings finds it guessable. The tokens in store/schemas/ have it. */
export const SECRET = Buffer.from('Zm9yIHRlc3RzIG9ubHksIDMyIGJ5dGVzIG9yIG1vcmU')
/** For those that read their settings */
export const STRONG_SECRET = 'tRyk6jCMkkGjNQ6V1XEPh6iOu7wbx3JEOYGct4mhKmk'
export const ADMIN_TOKEN = 'nW3qXkZ8aVt5Rb1LmYc7Hs0PdJ4uGe9oT2iFQxCE'

export const REVOCATIONS_TOKEN = 'q7RmZ2vXc9LkT4wYb8NsHd3PfJ6uGa1eQ5iVoBxC'

export const INTROSPECTION_TOKEN = 'Jt5WcB9nYz2QmXk7VrLd4HsPf8GuTa3eRo6iNqZC'
export const PASSWORD = 'correct horse battery staple'
/** For campaigns that come from one address by the thousand: the environment of a program whose limits are off. */
export const UNLIMITED = {
  LIMIT_LOGIN_ADDRESS: 'off',
  LIMIT_LOGIN_ACCOUNT: 'off',
  LIMIT_LOGIN_DELAY: 'off',
  LIMIT_REGISTER_ADDRESS: 'off',
  LIMIT_PASSWORD_ADDRESS: 'off',
  LIMIT_SESSIONS_USER: 'off',
  LIMIT_SESSIONS_ADDRESS: 'off',
  LIMIT_REFRESH_SESSION: 'off',
  LIMIT_REFRESH_USER: 'off',
  LIMIT_FAILURES_ADDRESS: 'off',
}
