import { hashOfLeaf } from './hash';
import { parseSignerKey, parseVerifierKey } from './keys';
import { MemoryNodes } from './memory-nodes';

/**
 * What golang.org/x/mod/sumdb (v0.43.0) makes of a log whose leaves are the texts `leaf 0`, `leaf 1` and so on. The
 * private keys are the SHA-256 of `seed of the log` and of `seed of the witness`.
 */
export const BY_GO = {
  skey: 'PRIVATE+KEY+ledger.example/deals+6c3f400a+AYXBV0uM3qySyOMFgQ7ck2eVh2rFLVUdJu+BtsLiC8Wd',
  vkey: 'ledger.example/deals+6c3f400a+ARb6Padcqcp1sfkuznISj7T6p0DRAwaEMxAI/tdy2mIF',
  witnessSkey: 'PRIVATE+KEY+witness.example/w1+37de2426+BHyAcJaWmGJggM8gOD5p798Ez6ZNtPm6H13cP0s7WAXT',
  witnessVkey: 'witness.example/w1+37de2426+BA2E2xQXlA1m7zqrVU6IxF5SYjlUmU5shfAYkVpHnchH',
  roots: {
    255: 'd71592a219d4067663eede247f9b54c3f9e0290682d55de09b495b07f1de41c9',
    256: 'cf5effdb11d0927a2edf53b0e73c7837f659414e00537da5d90eb5c4c49ff274',
    257: '855b936aa00cb98b5114484249ad39d78a6be93623e26c01e8e487dc02184a5a',
    65535: 'b592480df20f0dd456e39db9cdb0a1fa85f3617ec2d30cffc52760c38776f393',
    65536: 'e100ba54d69a91012fc13b7890feac78d6996a097268b6f735d17311c7402a60',
    65537: '689b22742cab2adeb36ba622ff2736336464858f5de4a2c02f33bf163e7dca5f',
    70000: 'da0532ff7b2ee56f4067110fc964e9f27b5959f9527bfff3fa501aa7584deaf3',
  },
  checkpoint: `ledger.example/deals
70000
2gUy/3su5W9AZxEPyWTp8ntZWflSe//z+lAap1hN6vM=

— ledger.example/deals bD9ACrnXyEceM0wTpLCnw3/rwbAJ67OEo1f2yAi+4/JAkimxyhEvz0C/5onolNXsElMaL38bTq4AFIC6wYewmD8uPA0=
`,
  cosignedAtS: 1767225600,
  cosignature: `— witness.example/w1 N94kJgAAAABpVbkAW78yEFQT6mP/nbYjgCBLeNwQCNTz5xvHVVpp2YAeF3q5d2Rwl3UKCe8laErncC0JorYuhBwSAIe1BNgNoBQYAA==
`,
  /** SHA-256 of every tile of 70,000 leaves: its path as `tile/8/…`, a newline and its bytes. */
  tiles: { count: 277, sha256: '557363f19fab290143df3b27e92c0f5bda0a432e8bce3ba90160a92d85b0b599' },
  /** SHA-256 of the tlog-proof of leaf 66,000 with the extra `deal/a`, by github.com/transparency-dev/formats v0.1.1. */
  logProofSha256: 'ec281cad12329e5b60d5e67771159efe41d4979fa753a48e7a9b7db375eca596',
  /** SHA-256 of the 15 hashes of the consistency proof from 65,537 to 70,000 leaves. */
  consistencySha256: 'd7411b23266e76602e2272915734cc66a73376e72d4d2e84d60fbee2d1d8fea5',
};

export const ORIGIN = 'ledger.example/deals';
export const logKey = parseSignerKey(BY_GO.skey);
export const logVkey = parseVerifierKey(BY_GO.vkey);
export const witnessKey = parseSignerKey(BY_GO.witnessSkey);
export const witnessVkey = parseVerifierKey(BY_GO.witnessVkey);

export const leafText = (index: number): Buffer => Buffer.from(`leaf ${index}`);

/** A tree of the leaves `leaf 0`, `leaf 1` and so on. */
export function treeOf(size: number, leaf: (index: number) => Buffer = leafText): MemoryNodes {
  const tree = new MemoryNodes();
  for (let index = 0; index < size; index += 1) tree.append(hashOfLeaf(leaf(index)));
  return tree;
}
