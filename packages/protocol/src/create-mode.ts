/** What the flags of a create request ask for. Source: CreateMode. */

/** The seven values that `flags` of a create request may have. */
export const CreateMode = {
  persistent: 0,
  ephemeral: 1,
  persistentSequential: 2,
  ephemeralSequential: 3,
  container: 4,
  persistentWithTtl: 5,
  persistentSequentialWithTtl: 6,
} as const;

export type CreateMode = (typeof CreateMode)[keyof typeof CreateMode];

/** What one create mode means. */
export interface CreateModeTraits {
  readonly mode: CreateMode;
  /** The znode goes with its session. */
  readonly isEphemeral: boolean;
  /** The server appends ten digits to the name. */
  readonly isSequential: boolean;
  /** The znode goes when its last child has gone. */
  readonly isContainer: boolean;
  /** The znode goes when it has no children and was not changed for its TTL. */
  readonly hasTtl: boolean;
}

function traits(
  mode: CreateMode,
  set: Partial<Omit<CreateModeTraits, 'mode'>> = {},
): CreateModeTraits {
  return Object.freeze({
    mode,
    isEphemeral: set.isEphemeral ?? false,
    isSequential: set.isSequential ?? false,
    isContainer: set.isContainer ?? false,
    hasTtl: set.hasTtl ?? false,
  });
}

/** Indexed by mode. */
const traitsByMode: readonly CreateModeTraits[] = [
  traits(CreateMode.persistent),
  traits(CreateMode.ephemeral, { isEphemeral: true }),
  traits(CreateMode.persistentSequential, { isSequential: true }),
  traits(CreateMode.ephemeralSequential, { isEphemeral: true, isSequential: true }),
  traits(CreateMode.container, { isContainer: true }),
  traits(CreateMode.persistentWithTtl, { hasTtl: true }),
  traits(CreateMode.persistentSequentialWithTtl, { isSequential: true, hasTtl: true }),
];

/** What `flags` of a create request mean; undefined when they are none of the seven modes. */
export function createModeTraits(flags: number): CreateModeTraits | undefined {
  return traitsByMode[flags];
}

/** Whether `flags` of a create request are one of the seven modes. */
export function isCreateMode(flags: number): flags is CreateMode {
  return traitsByMode[flags] !== undefined;
}
