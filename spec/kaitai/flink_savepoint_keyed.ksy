meta:
  id: flink_savepoint_keyed
  title: Canonical keyed stream of an Apache Flink savepoint
  license: Apache-2.0
  ks-version: '0.10'
  endian: be
  imports:
    - flink_serializer_snapshot
doc: |
  Keyed state and timers of one subtask: the header, then a section for each key group that has state. The handle in
  `_metadata` is not needed to read it, as sections follow the header and each other directly.

  What stands in a key behind its key group, and in a value, depends on serializers and stays bytes. Compressed sections are
  read as chunks, whose data stays as it is: Kaitai Struct has no Snappy.

  If the header has a snapshot of a class that Flink does not ship, `header_end` has to be given: the lowest offset of the
  handle that is not 0. Otherwise all behind the class name and version is one field of bytes.
doc-ref: spec/src/keyed.md#stream
params:
  - id: max_parallelism
    type: s4
    doc: Max parallelism of the operator, of _metadata; decides how wide the key group in a key is
  - id: header_end
    type: s8
    doc: Where the header ends; -1 if it is not known, or if it ends with the stream
seq:
  - id: version
    type: s4
    valid: 6
    doc: Version of the header
  - id: compressed
    type: u1
    doc: Whether each section is a framed Snappy stream of its own
  - id: key_serializer
    type: flink_serializer_snapshot::wrapped_snapshot(header_end)
    doc: Serializer of the keys of all states
  - id: num_states
    type: s2
    valid:
      min: 0
    if: not is_key_cut
    doc: Number of states, 0 to 32767
  - id: states
    type: state_meta_info(header_end)
    repeat: until
    repeat-until: 'states.size >= num_states or (header_end < 0 ? _io.eof : _io.pos >= header_end)'
    if: not is_key_cut and num_states > 0
    doc: |
      The states; the position in this list, from 0, is the state id. Fewer than `num_states` if a snapshot of a class that Flink
      does not ship hides the others.
  - id: sections
    type:
      switch-on: compressed
      cases:
        0: key_group_section
        _: compressed_section
    repeat: eos
    doc: A section for each key group that has state
instances:
  is_key_cut:
    value: 'header_end < 0 ? _io.eof : _io.pos >= header_end'
    doc: Has its meaning behind `key_serializer`, where it is first asked for. True if the body of an unknown class hides the states
  num_known_states:
    value: 'is_key_cut ? 0 : num_states == 0 ? 0 : states.size'
types:
  state_meta_info:
    doc: State meta info.
    doc-ref: spec/src/keyed.md#layout-state-meta-info
    params:
      - id: limit
        type: s8
    seq:
      - id: name
        type: utf
        doc: 'Name of the state: its identity across streams'
      - id: type
        type: s4
        doc: 'State type: the ordinal of the constant, not its code'
      - id: num_options
        type: s4
        doc: Number of options
      - id: options
        type: state_option
        repeat: expr
        repeat-expr: num_options
        doc: Options, in any order
      - id: num_serializers
        type: s4
        doc: Number of serializers
      - id: serializers
        type: state_serializer(limit)
        repeat: until
        repeat-until: 'serializers.size >= num_serializers or (limit < 0 ? _io.eof : _io.pos >= limit)'
        if: num_serializers > 0
        doc: Serializers by key, in any order
  state_option:
    doc: State option.
    doc-ref: spec/src/keyed.md#layout-state-option
    seq:
      - id: key
        type: utf
        doc: 'Name of the option: `KEYED_STATE_TYPE` or `OPERATOR_STATE_DISTRIBUTION_MODE`'
      - id: value
        type: utf
        doc: Name of the constant
  state_serializer:
    doc: State serializer.
    doc-ref: spec/src/keyed.md#layout-state-serializer
    params:
      - id: limit
        type: s8
    seq:
      - id: key
        type: utf
        doc: 'What it serializes: `VALUE_SERIALIZER`, `NAMESPACE_SERIALIZER` or `KEY_SERIALIZER`'
      - id: snapshot
        type: flink_serializer_snapshot::wrapped_snapshot(limit)
        doc: Snapshot of the serializer, with a wrapper of its own
  key_group_section:
    doc: Section of a key group.
    doc-ref: spec/src/keyed.md#layout-key-group-section
    seq:
      - id: entries
        type: 'keyed_entry(entries.size == 0 ? true : entries.last.ends_run, entries.size == 0 ? 0 : entries.last.run)'
        repeat: until
        repeat-until: _.ends_run and _.next_id == 0xffff
        doc: The entries, run by run; at least one, and nothing says how many
      - id: end_mark
        contents: [0xff, 0xff]
        doc: Stands where the id of a next run would
  keyed_entry:
    doc: Entry.
    doc-ref: spec/src/keyed.md#layout-keyed-entry
    params:
      - id: opens_run
        type: bool
        doc: Whether the entry is the first of a run
      - id: run_before
        type: u2
        doc: State id of the entry before
    seq:
      - id: state_id
        type: u2
        if: opens_run
        doc: 'Opens a run: the id of the state of this entry and of those that follow'
      - id: key_length
        type: s4
        doc: Bytes of the key; at least those of the key-group prefix
      - id: key
        size: key_length
        type:
          switch-on: is_timer
          cases:
            true: timer_key
            false: key_value_key
        doc: A composite key, or a timer if the state is of type 3; the top bit of its first byte ends the run
      - id: value_length
        type: s4
        doc: Bytes of the value; may be 0, and is for timers
      - id: value
        size: value_length
        doc: The value, in the form that the state's kind gives it
    instances:
      run:
        value: 'opens_run ? state_id : run_before'
        doc: State id of the entry
      is_timer:
        value: 'run < _root.num_known_states ? _root.states[run].type == 3 : false'
      ends_run:
        value: 'is_timer ? key.as<timer_key>.ends_run : key.as<key_value_key>.ends_run'
      next_id:
        pos: _io.pos
        type: u2
        doc: The two bytes behind the entry; has a meaning only directly after the entry was read, and only if it ends a run
  key_value_key:
    doc: Composite key.
    doc-ref: spec/src/key-groups.md#layout-key-value-key
    seq:
      - id: key_group
        type:
          switch-on: _root.max_parallelism <= 128
          cases:
            true: u1
            false: u2
        doc: Key group of the key; the top bit is set in the last entry of a run
      - id: parts
        size-eos: true
        doc: |
          Key, namespace, user key of a map, and the lengths of the first two if both are of variable length. Where each of them
          ends is said by serializers alone.
    instances:
      ends_run:
        value: '_root.max_parallelism <= 128 ? (key_group & 0x80) != 0 : (key_group & 0x8000) != 0'
      key_group_number:
        value: '_root.max_parallelism <= 128 ? key_group & 0x7f : key_group & 0x7fff'
        doc: The key group without the bit that ends the run
  timer_key:
    doc: Timer.
    doc-ref: spec/src/timers.md#layout-timer-key
    seq:
      - id: key_group
        type:
          switch-on: _root.max_parallelism <= 128
          cases:
            true: u1
            false: u2
        doc: Key group of the key; the top bit is set in the last entry of a run
      - id: timestamp
        type: s8
        doc: When the timer fires, in milliseconds, with its sign bit flipped
      - id: parts
        size-eos: true
        doc: Key and namespace. Where the key ends is said by its serializer alone.
    instances:
      ends_run:
        value: '_root.max_parallelism <= 128 ? (key_group & 0x80) != 0 : (key_group & 0x8000) != 0'
      key_group_number:
        value: '_root.max_parallelism <= 128 ? key_group & 0x7f : key_group & 0x7fff'
        doc: The key group without the bit that ends the run
  compressed_section:
    doc: Section of a key group, compressed.
    doc-ref: spec/src/compression.md#layout-compressed-section
    seq:
      - id: identifier
        type: snappy_stream_identifier
        doc: Stands at the offset of the key group
      - id: chunks
        type: snappy_chunk
        repeat: until
        repeat-until: '_io.eof ? true : _.next_type == 0xff'
        doc: As many as hold the section; what they hold, one after the other, is a `key-group-section`
  snappy_stream_identifier:
    doc: Stream identifier.
    doc-ref: spec/src/compression.md#layout-snappy-stream-identifier
    seq:
      - id: type
        contents: [0xff]
        doc: 'Type of the chunk: stream identifier'
      - id: length
        contents: [0x06, 0x00, 0x00]
        doc: 'Bytes that follow: 6'
      - id: name
        contents: [0x73, 0x4e, 0x61, 0x50, 0x70, 0x59]
        doc: '`sNaPpY`'
  snappy_chunk:
    doc: Chunk.
    doc-ref: spec/src/compression.md#layout-snappy-chunk
    seq:
      - id: type
        type: u1
        valid:
          expr: _ <= 1 or _ >= 0x80
        doc: '`00` compressed data, `01` stored data, `80` to `FE` to be skipped'
      - id: length
        type: b24le
        doc: Bytes that follow this field, the checksum included
      - id: checksum
        type: u4le
        if: type <= 1
        doc: Masked CRC-32C of the data, uncompressed
      - id: data
        size: length - 4
        if: type <= 1
        doc: A raw Snappy block if the type is `00`, the bytes themselves if it is `01`
      - id: skipped
        size: length
        if: type >= 128 and type <= 254
        doc: Without a meaning
    instances:
      next_type:
        pos: _io.pos
        type: u1
        doc: The byte behind the chunk; has a meaning only directly after the chunk was read
  utf:
    doc: |
      A string in modified UTF-8, with its length. `text` decodes it as UTF-8, which is the same for strings without U+0000
      and supplementary characters, and may fail for others.
    doc-ref: spec/src/conventions.md#strings
    seq:
      - id: length
        type: u2
        doc: Number of bytes that follow
      - id: characters
        size: length
        doc: Modified UTF-8
    instances:
      text:
        value: characters.to_s("UTF-8")
