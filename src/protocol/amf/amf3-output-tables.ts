// What earlier parts of an AMF3 message can be referred to by, when writing. [AMF3 2.2]
// Some readers keep one set of tables for the message, others begin anew at each of its values. So each value is written
// to mean the same for both: it refers back only within itself, and not at all where an earlier value has put
// something into the same table, since the two would count on from different indexes.

import type { AmfObject, AmfValue } from './amf-value.ts';

/** An array or an object of this program: told from others by identity. */
export type ReferableValue = Extract<AmfValue, object>;

/** The three tables of one message, as far as they can be relied on. */
export class Amf3OutputTables {
  /** Texts by what they say; '' is never among them. */
  readonly texts = new ReferenceTable<string>();
  /** Values by their identity. */
  readonly values = new ReferenceTable<ReferableValue>();
  readonly #traits = new ReferenceTable<TraitsNode>();
  readonly #traitsByClass = new Map<string, TraitsNode>();

  /** To be called before each value that stands by itself in the message. */
  beginValue(): void {
    this.texts.beginValue();
    this.values.beginValue();
    this.#traits.beginValue();
  }

  /** As {@link ReferenceTable.find}, for the traits of an object that is `isDynamic`. */
  findTraits({ className, traits: { sealedNames } }: AmfObject, isDynamic: boolean): number | null {
    // WHY: a tree of names: a key joined of them could be as long as names times objects.
    let node = nodeOf(this.#traitsByClass, className);
    for (const name of sealedNames) node = nodeOf(node.next, name);
    return this.#traits.find(isDynamic ? nodeOf(node.next, DYNAMIC) : node);
  }

  /** As {@link ReferenceTable.find}, for the traits of an externalizable class. */
  findExternalizableTraits(className: string): number | null {
    return this.#traits.find(nodeOf(nodeOf(this.#traitsByClass, className).next, EXTERNALIZABLE));
  }
}

/** Where a sequence of class name and sealed names leads to; the node itself stands for the traits. */
type TraitsNode = { readonly next: Map<string | symbol, TraitsNode> };

/** Behind the last sealed name; no name is equal to them. */
const DYNAMIC = Symbol('dynamic');
const EXTERNALIZABLE = Symbol('externalizable');

function nodeOf<K>(nodes: Map<K, TraitsNode>, key: K): TraitsNode {
  const known = nodes.get(key);
  if (known !== undefined) return known;
  const added: TraitsNode = { next: new Map() };
  nodes.set(key, added);
  return added;
}

/** Indexes of what was written, in the order of its start. */
class ReferenceTable<T> {
  readonly #indexes = new Map<T, number>();
  #isUsable = true;

  /** What was entered before is not to be referred to any more, and nor is anything after it. */
  beginValue(): void {
    if (this.#indexes.size > 0) this.#isUsable = false;
  }

  /** The index by which `entry` can be referred to; null where it is to be written out, and is entered by that. */
  find(entry: T): number | null {
    if (!this.#isUsable) return null;
    const index = this.#indexes.get(entry);
    if (index === undefined) this.#indexes.set(entry, this.#indexes.size);
    return index ?? null;
  }
}
