import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createOf, RawClient, until } from '../raw-client.ts';
import { page, serverLines, startMembers, type TestMember } from './members.ts';

describe('words and commands of members', () => {
  test('each tells its part in the ensemble', { timeout: 60_000 }, async () => {
    const lines = await serverLines(3, 1);
    const members = await startMembers(lines);
    const leader = members.find(({ server }) => server.member?.role === 'leading')!;
    const observer = members.find(({ id }) => id === 4)!;
    const follower = members.find((member) => member !== leader && member !== observer)!;
    const client = await RawClient.connect(follower.server.clientPort);
    await client.ok(createOf('/a', null, 1));
    await client.ok(createOf('/b'));
    const session = client.session!.sessionId.toString(16);
    await until(async () => (await word(observer, 'dump')).includes('/a'), 'the observer has it');

    expect(await word(leader, 'srvr')).toMatch(
      /^Mode: leader\n(.*\n)*Proposal sizes last\/min\/max: \d+\/\d+\/\d+\n$/m,
    );
    expect(await word(follower, 'srvr')).toMatch(/^Mode: follower\nNode count: \d+\n$/m);
    expect(await word(observer, 'stat')).toMatch(/^Mode: observer$/m);
    for (const member of members) expect(await word(member, 'isro')).toBe('rw');

    const conf = await word(observer, 'conf');
    const [, quorumPort, electionPort] = lines.get(4)!.split(':');
    const list = Array.from(lines, ([id, line]) => `server.${id}=${line}\n`).join('');
    expect(conf.slice(conf.indexOf('serverId'))).toBe(
      `serverId=4\ninitLimit=60\nsyncLimit=20\nelectionAlg=3\nelectionPort=${electionPort}\n` +
        `quorumPort=${quorumPort}\npeerType=1\nmembership: \n${list}version=0`,
    );

    expect(await word(leader, 'dump')).toMatch(
      new RegExp(
        `^SessionTracker dump:\nSession Sets \\(\\d\\)/\\(1\\):\n(0 expire at .*\n)*1 expire at .*:\n\t0x${session}\n`,
      ),
    );
    expect(await word(follower, 'dump')).toContain(
      `SessionTracker dump:\nGlobal Sessions(1):\n0x${session}\t10000ms\nephemeral nodes dump:\n` +
        `Sessions with Ephemerals (1):\n0x${session}:\n\t/a\n`,
    );

    const ofLeader = await mntr(leader);
    expect(ofLeader).toMatchObject({
      zk_server_state: 'leader',
      zk_peer_state: 'leading - broadcast',
      zk_quorum_size: '3',
      zk_learners: '3',
      zk_synced_followers: '2',
      zk_synced_non_voting_followers: '0',
      zk_synced_observers: '1',
      zk_pending_syncs: '0',
      zk_global_sessions: '1',
      zk_proposal_count: '3',
      zk_commit_count: '3',
      zk_looking_count: '1',
      zk_cnt_quorum_ack_latency: '3',
      zk_cnt_propagation_latency: '3',
      zk_cnt_election_time: '1',
      zk_cnt_leader_unavailable_time: '1',
    });
    expect(Number(ofLeader[`zk_cnt_${follower.id}_ack_latency`])).toBeGreaterThan(0);
    expect(Number(ofLeader['zk_diff_count']) + Number(ofLeader['zk_snap_count'])).toBe(3);
    const ofFollower = await mntr(follower);
    expect(ofFollower).toMatchObject({
      zk_peer_state: 'following - broadcast',
      zk_quorum_size: '3',
      zk_learner_proposal_received_count: '3',
      zk_cnt_proposal_latency: '3',
      zk_cnt_follower_sync_time: '1',
      zk_proposal_count: '0',
    });
    expect(ofFollower).not.toHaveProperty('zk_learners');
    expect(await mntr(observer)).toMatchObject({
      zk_server_state: 'observer',
      zk_peer_state: 'observing - broadcast',
      zk_observer_master_id: String(leader.id),
      zk_learner_commit_received_count: '3',
      zk_cnt_observer_sync_time: '1',
    });

    expect(await command(follower, 'leader')).toMatchObject({
      is_leader: false,
      leader_id: leader.id,
      leader_ip: '127.0.0.1',
      error: null,
    });
    const { current_config: voters } = await command(observer, 'voting_view');
    expect(Object.keys(voters as object)).toEqual(['1', '2', '3']);
    expect(await command(leader, 'zabstate')).toMatchObject({
      myid: leader.id,
      is_leader: true,
      voting: true,
      zab_epoch: 1,
      zab_counter: 3,
      zabstate: 'broadcast',
    });
    expect(await command(observer, 'zabstate')).toMatchObject({ voting: false });
    expect(await command(leader, 'observers')).toMatchObject({
      synced_observers: 1,
      observers: [{ sid: 4, requests: 0, last_zxid: 2 ** 32 + 3 }],
    });
    expect(await command(leader, 'server_stats')).toHaveProperty('proposal_stats.max_buffer_size');
    expect(await command(follower, 'dump')).toMatchObject({ expiry_time_to_session_ids: {} });
    const restore = await fetch(`http://127.0.0.1:${follower.server.adminPort}/commands/restore`, {
      method: 'POST',
      headers: { Authorization: 'ip' },
    });
    expect(restore.status).toBe(503);
    expect(await restore.text()).toContain('not for a member of an ensemble');
    client.destroy();
  });
});

function word({ server }: TestMember, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.clientPort, '127.0.0.1', () => socket.write(name));
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

async function mntr(member: TestMember): Promise<Readonly<Record<string, string>>> {
  const text = await word(member, 'mntr');
  return Object.fromEntries(text.split('\n').map((line) => line.split('\t')));
}

async function command(member: TestMember, name: string): Promise<Record<string, unknown>> {
  return JSON.parse((await page(member, `/commands/${name}`)).text) as Record<string, unknown>;
}
