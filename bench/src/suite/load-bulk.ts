import {
  ensureZnode,
  type Layout,
  type LoadShape,
  runJob,
  type ServerAddress,
  SetupClient,
  SHARD_COUNT,
} from 'zooid/load';

/** Creates the first `znodes` bulk znodes of a layout. Returns how many in a second. */
export async function loadBulk(
  addresses: readonly ServerAddress[],
  layout: Layout,
  znodes: number,
  shape: LoadShape,
): Promise<number> {
  const client = await SetupClient.open(addresses[0]!);
  await ensureZnode(client, layout.root);
  await ensureZnode(client, `${layout.root}/bulk`);
  const parents = Array.from({ length: SHARD_COUNT }, (_, i) => layout.bulkParent(i));
  await Promise.all(parents.map((path) => ensureZnode(client, path)));
  await client.close();
  const [result] = await runJob(
    {
      addresses,
      content: { kind: 'bulk-create' },
      root: layout.root,
      valueBytes: layout.valueBytes,
      shape,
      extent: { kind: 'count', requests: znodes },
    },
    1,
  );
  return (znodes * 1_000) / result!.elapsedMs;
}
