meta:
  id: flink_savepoint_operator
  title: Operator state stream of an Apache Flink savepoint
  license: Apache-2.0
  ks-version: '0.10'
  endian: be
  imports:
    - flink_savepoint_keyed
doc: |
  Operator state of one subtask, in a stream of version 5 or 6: the header, then the data. Where elements and maps start in the
  data is said by the handle in `_metadata`, and where they end by serializers; so the data is bytes here. Compressed data is
  read as chunks, whose data stays as it is: Kaitai Struct has no Snappy.

  If the header has a snapshot of a class that Flink does not ship, `header_end` has to be given: the lowest offset of the
  handle, and 10 less if the data is compressed. Otherwise all behind the class name and version is one field of bytes.
doc-ref: spec/src/operator.md#stream
params:
  - id: header_end
    type: s8
    doc: Where the header ends; -1 if it is not known, or if it ends with the stream
seq:
  - id: version
    type: s4
    valid:
      min: 5
      max: 6
    doc: Version of the stream
  - id: compressed
    type: u1
    if: version >= 6
    doc: Whether the data is a framed Snappy stream
  - id: num_operator_states
    type: s2
    valid:
      min: 0
    doc: Number of split and union states, 0 to 32767
  - id: operator_states
    type: flink_savepoint_keyed::state_meta_info(header_end)
    repeat: until
    repeat-until: 'operator_states.size >= num_operator_states or (header_end < 0 ? _io.eof : _io.pos >= header_end)'
    if: num_operator_states > 0
    doc: Split and union states, in any order
  - id: num_broadcast_states
    type: s2
    valid:
      min: 0
    if: not is_cut
    doc: Number of broadcast states, 0 to 32767
  - id: broadcast_states
    type: flink_savepoint_keyed::state_meta_info(header_end)
    repeat: until
    repeat-until: 'broadcast_states.size >= num_broadcast_states or (header_end < 0 ? _io.eof : _io.pos >= header_end)'
    if: not is_cut and num_broadcast_states > 0
    doc: Broadcast states, in any order
  - id: partitions
    type:
      switch-on: is_compressed
      cases:
        true: compressed_partitions
        false: plain_partitions
    doc: Elements and broadcast maps, each at an offset that the handle gives
instances:
  is_cut:
    value: 'header_end < 0 ? _io.eof : _io.pos >= header_end'
    doc: Has its meaning behind `operator_states`, where it is first asked for. True if the body of an unknown class hides the rest of the header
  is_compressed:
    value: 'version >= 6 ? compressed != 0 : false'
types:
  plain_partitions:
    seq:
      - id: data
        size-eos: true
  compressed_partitions:
    doc: Identifiers and chunks up to the end of the stream.
    doc-ref: spec/src/compression.md#operator-state
    seq:
      - id: items
        type: framed_item
        repeat: eos
  framed_item:
    seq:
      - id: item
        type:
          switch-on: type
          cases:
            0xff: flink_savepoint_keyed::snappy_stream_identifier
            _: flink_savepoint_keyed::snappy_chunk
    instances:
      type:
        pos: _io.pos
        type: u1
