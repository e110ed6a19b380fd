import {
  DuplicateKeyError,
  PipelineError,
  UnknownWarehouseObjectError,
  UnwritableValueError,
  WarehouseLoginError,
  WarehouseOverloadedError,
  WarehousePrivilegeError,
  WarehouseStatementError,
  WarehouseUnavailableError,
} from '#shared/errors.ts';

/** What `@sap/hana-client` throws: HANA's error code, or a negative one of the client's own. */
export interface HanaClientError extends Error {
  readonly code: number;
  readonly sqlState?: string;
}

export const isHanaClientError = (error: unknown): error is HanaClientError =>
  error instanceof Error && typeof (error as { code?: unknown }).code === 'number';

/** The code of HANA's refusal of user name and password. */
export const AUTHENTICATION_FAILED = 10;

/** The code for creating a table of a name that is taken. */
export const DUPLICATE_TABLE_NAME = 288;

/** The code for a table or view that doesn't exist, or that the user may not know of. */
export const INVALID_TABLE_NAME = 259;

/**
 * The error as one of ours: what was being done, HANA's own code and text, and what to do now.
 *
 * @param doing what failed, as in `Reading "SALES"."ORDERS"`.
 */
export const asWarehouseError = (error: unknown, doing: string): unknown => {
  if (error instanceof PipelineError || !isHanaClientError(error)) return error;
  const { make, advice } = remedyOf(error);
  const text = `${doing} failed: HANA ${error.code} ${error.message}`;
  return new make(advice ? `${text}${/[.)}\]]$/.test(text) ? '' : '.'} ${advice}` : text, { cause: error });
};

type ErrorClass = new (message: string, options?: ErrorOptions) => PipelineError;

interface Remedy {
  readonly make: ErrorClass;
  readonly advice?: string;
}

const remedyOf = ({ code, message }: HanaClientError): Remedy =>
  (code === CONNECTION_FAILED
    ? CONNECTION_REMEDIES.find(({ text }) => message.includes(text))
    : REMEDIES.get(code)) ?? {
    make: WarehouseStatementError,
  };

/** The client's code for whatever goes wrong with a connection; only its text tells what. */
const CONNECTION_FAILED = -10709;

/** The first whose text the message contains. The codes in brackets are those of SAP's runtime. */
const CONNECTION_REMEDIES: readonly (Remedy & { readonly text: string })[] = [
  {
    text: 'RTE:[300015]',
    make: WarehouseLoginError,
    advice:
      "The server's certificate isn't trusted. Put the certificate authority's PEM text into `sslTrustStore` of the warehouse secret, or correct `address`: it must be a name in the certificate.",
  },
  {
    text: 'RTE:[200110]',
    make: WarehouseLoginError,
    advice: 'What answers there is not HANA: check `address` and `port` of the warehouse secret.',
  },
  {
    text: '',
    make: WarehouseUnavailableError,
    advice:
      "If this goes on: check `address` and `port` of the warehouse secret, `encrypt` (port 443 needs TLS), and that this network's address is in the IP allowlist of the Datasphere tenant.",
  },
];

const passing: Remedy = { make: WarehouseUnavailableError };
const lost: Remedy = { make: WarehouseUnavailableError, advice: 'The connection was lost.' };
const unwritable: Remedy = { make: UnwritableValueError };
const missing: Remedy = {
  make: UnknownWarehouseObjectError,
  advice: 'Check the names in pipeline.yml; HANA keeps upper and lower case apart.',
};

const overloaded = (advice: string): Remedy => ({ make: WarehouseOverloadedError, advice });
const refusedUser = (advice: string): Remedy => ({ make: WarehouseLoginError, advice });

const REMEDIES: ReadonlyMap<number, Remedy> = new Map([
  [129, passing],
  [131, passing],
  [132, passing],
  [133, passing],
  [138, passing],
  [142, passing],
  [145, passing],
  [146, passing],
  [149, passing],
  [600, passing],
  [1036, passing],
  [1040, passing],
  [-10807, lost],
  [-10821, lost],
  [-10108, lost],

  [4, overloaded('HANA has no memory left for the statement.')],
  [608, overloaded('Too many prepared statements are open.')],
  [613, overloaded('The statement ran longer than the workload class allows.')],
  [616, overloaded("The space's workload class rejects statements, as the tenant's CPU is used up.")],
  [1034, overloaded('All connections that the tenant allows are in use.')],
  [1038, overloaded('The server is overloaded for the moment.')],

  [
    AUTHENTICATION_FAILED,
    refusedUser("Wrong user or password. Put the database user's current password into the warehouse secret."),
  ],
  [414, refusedUser('The password has expired: set a new one in Datasphere and put it into the warehouse secret.')],
  [415, refusedUser('The user is deactivated: activate it in Datasphere, or use another one.')],
  [416, refusedUser('The user is locked after too many wrong passwords: unlock it before the next try.')],
  [663, refusedUser("The user may not connect from here: add this network's address to the IP allowlist.")],

  [
    258,
    {
      make: WarehousePrivilegeError,
      advice:
        'To read a view of a space: switch on "Expose for Consumption" in the view and deploy it, and "Enable Read Access (SQL)" for the database user. Elsewhere: GRANT SELECT ON the object TO the user. To write: use the user\'s own schema, with "Enable Write Access".',
    },
  ],
  [INVALID_TABLE_NAME, missing],
  [260, missing],
  [321, missing],
  [362, missing],

  [274, unwritable],
  [287, unwritable],
  [303, unwritable],
  [314, unwritable],
  [339, unwritable],
  [609, unwritable],
  [-10427, unwritable],
  [-11200, unwritable],
  [301, { make: DuplicateKeyError }],
]);
