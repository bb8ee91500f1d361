meta:
  id: flink_savepoint_metadata
  title: The file _metadata of an Apache Flink savepoint
  license: Apache-2.0
  ks-version: '0.10'
  endian: be
  imports:
    - flink_java_object_stream
doc: |
  Metadata file of versions 2 to 6, with all handles.

  Handles of types 8, 9 and 10 have two layouts, and nothing in the file names the one that it has. A caller sets
  `changelog_layout_a` to read layout A of Flink 1.14; false is right for all other releases, and for every file without such
  handles. Version 4 and later never have layout A. For version 3 see "Layouts A and B" in the chapter on handles.

  The definition reads what is well-formed. Whether it is valid, and whether bytes are left behind the last field, is for the
  caller to see.
doc-ref: spec/src/metadata.md#the-whole-file
params:
  - id: changelog_layout_a
    type: bool
    doc: True to read handles of types 8, 9 and 10 in layout A
seq:
  - id: magic
    contents: [0x49, 0x60, 0x67, 0x2d]
    doc: Marks the file
  - id: version
    type: s4
    valid:
      min: 2
      max: 6
    doc: 'Metadata version: decides the layout of all that follows'
  - id: checkpoint_id
    type: s8
    doc: Id of the checkpoint or savepoint; at least 0
  - id: num_master_states
    type: s4
    doc: Number of master states; nearly always 0
  - id: master_states
    type: master_state
    repeat: expr
    repeat-expr: num_master_states
    doc: 'What the master hooks of the job keep. Absent: the job has no master hooks'
  - id: num_operators
    type: s4
    doc: Number of operators
  - id: operators
    type: operator
    repeat: expr
    repeat-expr: num_operators
    doc: The operators of the job, in no particular order
  - id: properties
    type: flink_java_object_stream
    if: version >= 4
    doc: 'Checkpoint properties; null is legal. Absent: nothing is known of how and why the snapshot was taken'
types:
  master_state:
    doc: Master state.
    doc-ref: spec/src/metadata.md#layout-master-state
    seq:
      - id: magic
        contents: [0xc9, 0x6b, 0x16, 0x96]
        doc: Marks a master state
      - id: length
        type: s4
        doc: Number of bytes of the fields below, all together; more than 0
      - id: version
        type: s4
        doc: 'Version of the hook''s own serializer; any number'
      - id: name
        type: utf
        doc: Identifier of the hook
      - id: payload_length
        type: s4
        doc: Number of bytes of the payload
      - id: payload
        size: payload_length
        doc: What the hook keeps; opaque
  operator:
    doc: Operator.
    doc-ref: spec/src/metadata.md#layout-operator
    seq:
      - id: name
        type: utf
        if: _root.version >= 5
        doc: 'Name of the operator; empty if there is none. Absent: not known'
      - id: uid
        type: utf
        if: _root.version >= 5
        doc: 'Uid that the user set; empty if there is none. Absent: not known'
      - id: id
        size: 16
        doc: 'Operator id: what state is restored by'
      - id: parallelism
        type: s4
        doc: Number of subtasks that the operator ran with; from 0 to the max parallelism
      - id: max_parallelism
        type: s4
        doc: Number of key groups
      - id: chain_length
        type: s4
        if: _root.version == 2
        doc: Ignored; Flink wrote 1
      - id: coordinator_state
        type: stream_handle
        if: _root.version >= 3
        doc: 'State of the operator''s coordinator: none (type 0) or inline (type 1). Absent: no coordinator state'
      - id: num_subtasks
        type: s4
        doc: 'Number of entries that follow; from version 3 on, below 0: the operator is fully finished'
      - id: subtasks
        type: subtask
        repeat: expr
        repeat-expr: 'num_subtasks < 0 ? 0 : num_subtasks'
        doc: 'The subtasks, in no particular order. Absent: the operator is fully finished, or none of its subtasks has state'
    instances:
      is_fully_finished:
        value: num_subtasks < 0 and _root.version >= 3
  subtask:
    doc: Subtask.
    doc-ref: spec/src/metadata.md#layout-subtask
    seq:
      - id: index
        type: s4
        doc: 'Index of the subtask; from version 3 on, -(index + 1) if it is finished'
      - id: state
        type: subtask_state
        if: index >= 0
        doc: 'What the subtask has kept. Absent: the subtask is finished'
    instances:
      is_finished:
        value: index < 0
      subtask_index:
        value: 'index < 0 ? -(index + 1) : index'
  subtask_state:
    doc: State of a subtask.
    doc-ref: spec/src/metadata.md#layout-subtask-state
    seq:
      - id: duration
        type: s8
        if: _root.version == 2
        doc: Ignored; Flink wrote -1
      - id: num_legacy_states
        type: s4
        valid:
          max: 0
        if: _root.version == 2
        doc: Number of states of Flink 1.1; not above 0
      - id: has_managed_operator
        type: s4
        doc: 'Not 0: managed operator state follows'
      - id: managed_operator
        type: operator_state_handle
        if: has_managed_operator != 0
        doc: 'List, union and broadcast state; not null. Absent: no managed operator state'
      - id: has_raw_operator
        type: s4
        doc: 'Not 0: raw operator state follows'
      - id: raw_operator
        type: operator_state_handle
        if: has_raw_operator != 0
        doc: 'A stream of the operator''s own; not null. Absent: no raw operator state'
      - id: managed_keyed
        type: keyed_state_handle
        doc: Keyed state and timers; type 0 if there is none
      - id: raw_keyed
        type: keyed_state_handle
        doc: 'Keyed streams of the operator''s own; type 0 if there are none'
      - id: num_input_channels
        type: s4
        if: _root.version >= 3
        doc: Number of handles that follow; 0 in savepoints
      - id: input_channels
        type: channel_handle_input
        repeat: expr
        repeat-expr: 'num_input_channels < 0 ? 0 : num_input_channels'
        if: _root.version >= 3
        doc: 'In-flight data of input channels. Absent: no in-flight data'
      - id: num_result_subpartitions
        type: s4
        if: _root.version >= 3
        doc: Number of handles that follow; 0 in savepoints
      - id: result_subpartitions
        type: channel_handle_output
        repeat: expr
        repeat-expr: 'num_result_subpartitions < 0 ? 0 : num_result_subpartitions'
        if: _root.version >= 3
        doc: 'In-flight data of result subpartitions. Absent: no in-flight data'
  stream_handle:
    doc: Stream handle.
    doc-ref: spec/src/handles.md#layout-stream-handle
    seq:
      - id: type
        type: u1
        valid:
          any-of: [0, 1, 2, 3, 6, 15, 16]
      - id: body
        type:
          switch-on: type
          cases:
            1: byte_stream_handle
            2: file_handle
            3: key_groups_stream
            6: relative_file_handle
            15: segment_file_handle
  byte_stream_handle:
    doc: Inline state (stream type 1).
    doc-ref: spec/src/handles.md#layout-byte-stream-handle
    seq:
      - id: handle_name
        type: utf
        doc: Identity of the state; looks like a path, and is none; may be empty
      - id: length
        type: s4
        doc: Number of bytes; may be 0
      - id: data
        size: length
        doc: The state
  file_handle:
    doc: File with an absolute path (stream type 2).
    doc-ref: spec/src/handles.md#layout-file-handle
    seq:
      - id: state_size
        type: s8
        doc: Bytes of the file; -1 if not known
      - id: path
        type: utf
        doc: Absolute URI; not empty
  key_groups_stream:
    doc: Key groups (stream type 3).
    doc-ref: spec/src/handles.md#layout-key-groups-stream
    seq:
      - id: key_groups
        type: key_group_offsets
        doc: Key groups, and where each starts in the delegate
      - id: delegate
        type: stream_handle
        doc: Where the bytes are; not null
  relative_file_handle:
    doc: File with a relative path (stream type 6).
    doc-ref: spec/src/handles.md#layout-relative-file-handle
    seq:
      - id: relative_path
        type: utf
        doc: Path from the directory of `_metadata`, in practice a bare file name; not empty
      - id: state_size
        type: s8
        doc: Bytes of the file; -1 if not known
  segment_file_handle:
    doc: Segment of a file (stream type 15).
    doc-ref: spec/src/handles.md#layout-segment-file-handle
    seq:
      - id: start_position
        type: s8
        doc: Where the segment starts in the file
      - id: state_size
        type: s8
        doc: Bytes of the segment
      - id: scope
        type: s4
        doc: 'Who may use the file: 0 exclusive, 1 shared'
      - id: path
        type: utf
        doc: Absolute URI of the file; not empty
      - id: logical_file_id
        type: utf
        doc: Identity of the segment, normally a UUID; any text
  operator_state_handle:
    doc: Operator-state handle.
    doc-ref: spec/src/handles.md#layout-operator-state-handle
    seq:
      - id: type
        type: u1
        valid:
          any-of: [0, 4, 17]
      - id: body
        type:
          switch-on: type
          cases:
            4: operator_stream_handle
            17: segmented_operator_stream_handle
  operator_stream_handle:
    doc: Operator state (operator type 4).
    doc-ref: spec/src/handles.md#layout-operator-stream-handle
    seq:
      - id: num_states
        type: s4
        doc: Number of states
      - id: states
        type: operator_handle_state
        repeat: expr
        repeat-expr: num_states
        doc: The states, in no particular order
      - id: delegate
        type: stream_handle
        doc: The stream that the offsets count in; not null
  operator_handle_state:
    doc: State in an operator-state handle.
    doc-ref: spec/src/handles.md#layout-operator-handle-state
    seq:
      - id: name
        type: utf
        doc: 'Name of the state: its identity'
      - id: mode
        type: s1
        doc: 'How it is dealt out to other subtasks: 0 `SPLIT_DISTRIBUTE`, 1 `UNION`, 2 `BROADCAST`'
      - id: num_offsets
        type: s4
        doc: Number of offsets; may be 0
      - id: offsets
        type: s8
        repeat: expr
        repeat-expr: num_offsets
        doc: Where each element starts in the delegate; for broadcast state one offset for the whole map
  segmented_operator_stream_handle:
    doc: Operator state in merged files (operator type 17).
    doc-ref: spec/src/handles.md#layout-segmented-operator-stream-handle
    seq:
      - id: num_states
        type: s4
        doc: Number of states
      - id: states
        type: operator_handle_state
        repeat: expr
        repeat-expr: num_states
        doc: The states, in no particular order
      - id: task_owned_directory
        type: utf
        doc: Absolute URI of the directory for merged files that tasks own; not empty
      - id: shared_directory
        type: utf
        doc: Absolute URI of the directory for merged files that are shared; not empty
      - id: is_empty
        type: u1
        doc: Whether it stands for no state at all
      - id: delegate
        type: stream_handle
        doc: The stream that the offsets count in; of type 15 or 16
  keyed_state_handle:
    doc: Keyed-state handle.
    doc-ref: spec/src/handles.md#layout-keyed-state-handle
    seq:
      - id: type
        type: u1
        valid:
          any-of: [0, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14]
      - id: body
        type:
          switch-on: selector
          cases:
            3: key_groups_handle
            5: incremental_handle
            7: savepoint_key_groups_handle
            8: changelog_handle_b
            9: byte_increment_b
            10: file_increment_b
            11: incremental_handle_v2
            12: key_groups_handle_v2
            13: file_increment_v2
            14: changelog_handle_v2
            264: changelog_handle_a
            265: byte_increment_a
            266: file_increment_a
    instances:
      selector:
        value: '_root.changelog_layout_a and type >= 8 and type <= 10 ? type + 256 : type'
        doc: The type byte, and 256 more for layout A
  key_group_range:
    doc: Key-group range.
    doc-ref: spec/src/handles.md#layout-key-group-range
    seq:
      - id: start
        type: s4
        doc: First key group; without a meaning if the count is 0
      - id: count
        type: s4
        doc: Number of key groups, not the last one
  key_group_offsets:
    doc: Key-group range with offsets.
    doc-ref: spec/src/handles.md#layout-key-group-offsets
    seq:
      - id: start
        type: s4
        doc: First key group; without a meaning if the count is 0
      - id: count
        type: s4
        doc: Number of key groups, not the last one, and of offsets
      - id: offsets
        type: s8
        repeat: expr
        repeat-expr: count
        doc: Where each key group starts in the delegate; 0 or -1 if it has nothing, depending on the kind of state
  key_groups_handle:
    doc: Key groups (keyed type 3).
    doc-ref: spec/src/handles.md#layout-key-groups-handle
    seq:
      - id: key_groups
        type: key_group_offsets
        doc: Key groups, and where each starts in the delegate
      - id: delegate
        type: stream_handle
        doc: The stream that the offsets count in; not null
  incremental_handle:
    doc: Incremental snapshot (keyed type 5).
    doc-ref: spec/src/handles.md#layout-incremental-handle
    seq:
      - id: checkpoint_id
        type: s8
        doc: Id of the checkpoint that made it
      - id: backend_id
        type: utf
        doc: Identity of the backend that made it, a UUID; any text
      - id: key_groups
        type: key_group_range
        doc: Key groups that it covers
      - id: meta_state
        type: stream_handle
        doc: Meta data of the backend
      - id: num_shared_state
        type: s4
        doc: Number of shared files
      - id: shared_state
        type: named_handle
        repeat: expr
        repeat-expr: num_shared_state
        doc: Files that other checkpoints may use, too
      - id: num_private_state
        type: s4
        doc: Number of private files
      - id: private_state
        type: named_handle
        repeat: expr
        repeat-expr: num_private_state
        doc: Files of this checkpoint alone
  named_handle:
    doc: File of an incremental snapshot.
    doc-ref: spec/src/handles.md#layout-named-handle
    seq:
      - id: name
        type: utf
        doc: Name of the file in the directory of the database
      - id: handle
        type: stream_handle
        doc: Where its bytes are; not null
  savepoint_key_groups_handle:
    doc: Key groups of a savepoint (keyed type 7).
    doc-ref: spec/src/handles.md#layout-savepoint-key-groups-handle
    seq:
      - id: key_groups
        type: key_group_offsets
        doc: Key groups, and where the section of each starts in the delegate; 0 if it has none
      - id: delegate
        type: stream_handle
        doc: The stream that the offsets count in; not null
  changelog_handle_a:
    doc: Changelog, layout A (keyed type 8 of 1.14).
    doc-ref: spec/src/handles.md#layout-changelog-handle-a
    seq:
      - id: key_groups
        type: key_group_range
        doc: Key groups that it covers; at least one
      - id: num_materialized
        type: s4
        doc: Number of snapshots
      - id: materialized
        type: keyed_state_handle
        repeat: expr
        repeat-expr: num_materialized
        doc: Snapshots of the backend underneath
      - id: num_non_materialized
        type: s4
        doc: Number of increments
      - id: non_materialized
        type: keyed_state_handle
        repeat: expr
        repeat-expr: num_non_materialized
        doc: Changes since; of types 9 and 10
  changelog_handle_b:
    doc: Changelog, layout B (keyed type 8 of 1.15).
    doc-ref: spec/src/handles.md#layout-changelog-handle-b
    seq:
      - id: key_groups
        type: key_group_range
        doc: Key groups that it covers; at least one
      - id: checkpointed_size
        type: s8
        doc: Bytes that this checkpoint added
      - id: num_materialized
        type: s4
        doc: Number of snapshots
      - id: materialized
        type: keyed_state_handle
        repeat: expr
        repeat-expr: num_materialized
        doc: Snapshots of the backend underneath
      - id: num_non_materialized
        type: s4
        doc: Number of increments
      - id: non_materialized
        type: keyed_state_handle
        repeat: expr
        repeat-expr: num_non_materialized
        doc: Changes since; of types 9, 10 and 13
      - id: materialization_id
        type: s8
        doc: Id of the materialization, and of the checkpoint
      - id: state_handle_id
        type: utf
        doc: Identity of the handle, normally a UUID; any text
  byte_increment_a:
    doc: Inline changes, layout A (keyed type 9 of 1.14).
    doc-ref: spec/src/handles.md#layout-byte-increment-a
    seq:
      - id: key_groups
        type: key_group_range
        doc: Key groups that it covers
      - id: from_
        -orig-id: from
        type: s8
        doc: First sequence number; at least 0
      - id: to
        type: s8
        doc: Sequence number behind the last; at least 0
      - id: num_changes
        type: s4
        doc: Number of changes
      - id: changes
        type: state_change
        repeat: expr
        repeat-expr: num_changes
        doc: The changes
  byte_increment_b:
    doc: Inline changes, layout B (keyed type 9 from 1.15 on).
    doc-ref: spec/src/handles.md#layout-byte-increment-b
    seq:
      - id: key_groups
        type: key_group_range
        doc: Key groups that it covers
      - id: from_
        -orig-id: from
        type: s8
        doc: First sequence number; at least 0
      - id: to
        type: s8
        doc: Sequence number behind the last; at least 0
      - id: num_changes
        type: s4
        doc: Number of changes
      - id: changes
        type: state_change
        repeat: expr
        repeat-expr: num_changes
        doc: The changes
      - id: state_handle_id
        type: utf
        doc: Identity of the handle, normally a UUID; any text
  state_change:
    doc: Change.
    doc-ref: spec/src/handles.md#layout-state-change
    seq:
      - id: key_group
        type: s4
        doc: 'Key group of the change; -1: a change of meta data'
      - id: length
        type: s4
        doc: Number of bytes
      - id: data
        size: length
        doc: The change, in the format of the changelog backend
  file_increment_a:
    doc: Changes in files, layout A (keyed type 10 of 1.14).
    doc-ref: spec/src/handles.md#layout-file-increment-a
    seq:
      - id: key_groups
        type: key_group_range
        doc: Key groups that it covers
      - id: num_handles
        type: s4
        doc: Number of streams
      - id: handles
        type: offset_handle
        repeat: expr
        repeat-expr: num_handles
        doc: The streams of changes
      - id: state_size
        type: s8
        doc: Bytes of all streams
  file_increment_b:
    doc: Changes in files, layout B (keyed type 10 of 1.15).
    doc-ref: spec/src/handles.md#layout-file-increment-b
    seq:
      - id: key_groups
        type: key_group_range
        doc: Key groups that it covers
      - id: num_handles
        type: s4
        doc: Number of streams
      - id: handles
        type: offset_handle
        repeat: expr
        repeat-expr: num_handles
        doc: The streams of changes
      - id: state_size
        type: s8
        doc: Bytes of all streams
      - id: checkpointed_size
        type: s8
        doc: Bytes that this checkpoint added
      - id: state_handle_id
        type: utf
        doc: Identity of the handle, normally a UUID; any text
  offset_handle:
    doc: Stream of changes.
    doc-ref: spec/src/handles.md#layout-offset-handle
    seq:
      - id: offset
        type: s8
        doc: Where the changes start in the stream
      - id: handle
        type: stream_handle
        doc: The stream; not null
  incremental_handle_v2:
    doc: Incremental snapshot with an id (keyed type 11).
    doc-ref: spec/src/handles.md#layout-incremental-handle-v2
    seq:
      - id: checkpoint_id
        type: s8
        doc: Id of the checkpoint that made it
      - id: backend_id
        type: utf
        doc: Identity of the backend that made it, a UUID; any text
      - id: key_groups
        type: key_group_range
        doc: Key groups that it covers
      - id: checkpointed_size
        type: s8
        doc: Bytes that this checkpoint added; -1 if not known
      - id: meta_state
        type: stream_handle
        doc: Meta data of the backend
      - id: num_shared_state
        type: s4
        doc: Number of shared files
      - id: shared_state
        type: named_handle
        repeat: expr
        repeat-expr: num_shared_state
        doc: Files that other checkpoints may use, too
      - id: num_private_state
        type: s4
        doc: Number of private files
      - id: private_state
        type: named_handle
        repeat: expr
        repeat-expr: num_private_state
        doc: Files of this checkpoint alone
      - id: state_handle_id
        type: utf
        doc: Identity of the handle, normally a UUID; any text
  key_groups_handle_v2:
    doc: Key groups with an id (keyed type 12).
    doc-ref: spec/src/handles.md#layout-key-groups-handle-v2
    seq:
      - id: key_groups
        type: key_group_offsets
        doc: Key groups, and where each starts in the delegate
      - id: delegate
        type: stream_handle
        doc: The stream that the offsets count in; not null
      - id: state_handle_id
        type: utf
        doc: Identity of the handle, normally a UUID; any text
  file_increment_v2:
    doc: Changes in files, with a storage (keyed type 13).
    doc-ref: spec/src/handles.md#layout-file-increment-v2
    seq:
      - id: key_groups
        type: key_group_range
        doc: Key groups that it covers
      - id: num_handles
        type: s4
        doc: Number of streams
      - id: handles
        type: offset_handle
        repeat: expr
        repeat-expr: num_handles
        doc: The streams of changes
      - id: state_size
        type: s8
        doc: Bytes of all streams
      - id: checkpointed_size
        type: s8
        doc: Bytes that this checkpoint added
      - id: state_handle_id
        type: utf
        doc: Identity of the handle, normally a UUID; any text
      - id: storage_identifier
        type: utf
        doc: Name of the changelog storage that the streams are of
  changelog_handle_v2:
    doc: Changelog with a checkpoint id (keyed type 14).
    doc-ref: spec/src/handles.md#layout-changelog-handle-v2
    seq:
      - id: key_groups
        type: key_group_range
        doc: Key groups that it covers; at least one
      - id: checkpointed_size
        type: s8
        doc: Bytes that this checkpoint added
      - id: num_materialized
        type: s4
        doc: Number of snapshots
      - id: materialized
        type: keyed_state_handle
        repeat: expr
        repeat-expr: num_materialized
        doc: Snapshots of the backend underneath
      - id: num_non_materialized
        type: s4
        doc: Number of increments
      - id: non_materialized
        type: keyed_state_handle
        repeat: expr
        repeat-expr: num_non_materialized
        doc: Changes since; of types 9, 10 and 13
      - id: materialization_id
        type: s8
        doc: Id of the materialization
      - id: checkpoint_id
        type: s8
        doc: Id of the checkpoint that made it
      - id: state_handle_id
        type: utf
        doc: Identity of the handle, normally a UUID; any text
  channel_handle_input:
    doc: Input channel handle; without a type byte before version 6.
    doc-ref: spec/src/handles.md#layout-channel-handle-input
    seq:
      - id: handle
        type:
          switch-on: _root.version >= 6
          cases:
            true: tagged_input_channel
            false: plain_channel_handle
        doc: One channel, or several in a merged handle
  channel_handle_output:
    doc: Output channel handle; without a type byte before version 6.
    doc-ref: spec/src/handles.md#layout-channel-handle-output
    seq:
      - id: handle
        type:
          switch-on: _root.version >= 6
          cases:
            true: tagged_output_channel
            false: plain_channel_handle
        doc: One channel, or several in a merged handle
  tagged_input_channel:
    doc: Tagged input channel handle.
    doc-ref: spec/src/handles.md#layout-tagged-input-channel
    seq:
      - id: type
        type: u1
        valid:
          any-of: [1, 3]
      - id: body
        type:
          switch-on: type
          cases:
            1: plain_channel_handle
            3: merged_channel_handle
  tagged_output_channel:
    doc: Tagged output channel handle.
    doc-ref: spec/src/handles.md#layout-tagged-output-channel
    seq:
      - id: type
        type: u1
        valid:
          any-of: [2, 4]
      - id: body
        type:
          switch-on: type
          cases:
            2: plain_channel_handle
            4: merged_channel_handle
  channel_info:
    doc: Channel.
    doc-ref: spec/src/handles.md#layout-channel-info
    seq:
      - id: outer
        type: s4
        doc: 'Input: index of the gate. Output: index of the partition'
      - id: inner
        type: s4
        doc: 'Input: index of the channel in the gate. Output: index of the subpartition in the partition'
  plain_channel_handle:
    doc: Plain channel handle (channel types 1 and 2).
    doc-ref: spec/src/handles.md#layout-plain-channel-handle
    seq:
      - id: subtask_index
        type: s4
        doc: The subtask that the data is of
      - id: info
        type: channel_info
        doc: The channel
      - id: num_offsets
        type: s4
        doc: Number of offsets
      - id: offsets
        type: s8
        repeat: expr
        repeat-expr: num_offsets
        doc: Where the buffers of the channel are in the delegate
      - id: state_size
        type: s8
        doc: Bytes of the channel
      - id: delegate
        type: stream_handle
        doc: The stream that the offsets count in; not null
  merged_channel_handle:
    doc: Merged channel handle (channel types 3 and 4).
    doc-ref: spec/src/handles.md#layout-merged-channel-handle
    seq:
      - id: subtask_index
        type: s4
        doc: The subtask that the data is of
      - id: state_size
        type: s8
        doc: Bytes of all channels together
      - id: delegate
        type: stream_handle
        doc: The stream that the offsets count in; not null
      - id: length
        type: s4
        doc: Number of bytes of the channels
      - id: merged
        size: length
        type: merged_channels
        doc: The channels
  merged_channels:
    doc: Channels of a merged handle.
    doc-ref: spec/src/handles.md#layout-merged-channels
    seq:
      - id: num_channels
        type: s4
        doc: Number of channels
      - id: channels
        type: merged_channel
        repeat: expr
        repeat-expr: num_channels
        doc: The channels
  merged_channel:
    doc: Channel of a merged handle.
    doc-ref: spec/src/handles.md#layout-merged-channel
    seq:
      - id: info
        type: channel_info
        doc: The channel
      - id: state_size
        type: s8
        doc: Bytes of the channel
      - id: num_offsets
        type: s4
        doc: Number of offsets
      - id: offsets
        type: s8
        repeat: expr
        repeat-expr: num_offsets
        doc: Where the buffers of the channel are in the delegate
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
