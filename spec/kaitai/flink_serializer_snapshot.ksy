meta:
  id: flink_serializer_snapshot
  title: Serializer snapshot of Apache Flink, in wrapped form
  license: Apache-2.0
  ks-version: '0.10'
  endian: be
  imports:
    - flink_java_object_stream
doc: |
  A serializer snapshot in wrapped form, as it stands in the headers of keyed and operator streams, with the bodies of all
  classes that Flink ships.

  No snapshot has a length. The body of a class that Flink does not ship, and everything behind it in the same header or
  frame, is therefore one field of bytes: up to the end of the frame if the snapshot stands in one, else up to `header_end`.
  Snapshots, serializers and states that would follow it are then not there.

  Classes are told by the simple name, within `org.apache.flink`. Of the classes that share a simple name all have the same
  layout.
doc-ref: spec/src/serializers.md#forms-of-a-snapshot
params:
  - id: header_end
    type: s8
    doc: Position in the stream where the header that the snapshot is of ends; -1 if it is not known, or if the stream ends there
seq:
  - id: content
    type: wrapped_snapshot(header_end)
types:
  wrapped_snapshot:
    doc: Wrapped form.
    doc-ref: spec/src/serializers.md#layout-wrapped-snapshot
    params:
      - id: limit
        type: s8
    seq:
      - id: wrapper_version
        type: s4
        valid: 2
        doc: Version of this form
      - id: snapshot
        type: versioned_snapshot(limit)
        doc: The snapshot itself
  versioned_snapshot:
    doc: Versioned form.
    doc-ref: spec/src/serializers.md#layout-versioned-snapshot
    params:
      - id: limit
        type: s8
    seq:
      - id: class_
        -orig-id: class
        type: class_name
        doc: Name of the snapshot class
      - id: version
        type: s4
        doc: Version of the body; for composites of what stands around the outer body
      - id: body
        type:
          switch-on: class_.selector
          cases:
            '"ArrayDataSerializerSnapshot"': array_data_body
            '"ArrayListSerializerSnapshot"': composite_body(version, limit)
            '"AvroSerializerSnapshot"': avro_body(version)
            '"BaseMapSerializerSnapshot"': map_data_body
            '"BigDecSerializerSnapshot"': simple_body(version)
            '"BigIntSerializerSnapshot"': simple_body(version)
            '"BinaryRowDataSerializerSnapshot"': binary_row_data_body
            '"BitmapSerializerSnapshot"': simple_body(version)
            '"BooleanPrimitiveArraySerializerSnapshot"': simple_body(version)
            '"BooleanSerializerSnapshot"': simple_body(version)
            '"BooleanValueSerializerSnapshot"': simple_body(version)
            '"BufferEntrySerializerSnapshot"': composite_body(version, limit)
            '"ByteArrayWrapperSerializerSnapshot"': simple_body(version)
            '"BytePrimitiveArraySerializerSnapshot"': simple_body(version)
            '"ByteSerializerSnapshot"': simple_body(version)
            '"ByteValueSerializerSnapshot"': simple_body(version)
            '"CRowSerializerSnapshot"': composite_body(version, limit)
            '"CharPrimitiveArraySerializerSnapshot"': simple_body(version)
            '"CharSerializerSnapshot"': simple_body(version)
            '"CharValueSerializerSnapshot"': simple_body(version)
            '"ContextStateSerializerSnapshot"': simple_body(version)
            '"CopyableValueSerializerSnapshot"': generic_body
            '"CountWindowSerializerSnapshot"': simple_body(version)
            '"DateSerializerSnapshot"': simple_body(version)
            '"DecimalSerializerSnapshot"': decimal_data_body
            '"DeweyNumberSerializerSnapshot"': simple_body(version)
            '"DoublePrimitiveArraySerializerSnapshot"': simple_body(version)
            '"DoubleSerializerSnapshot"': simple_body(version)
            '"DoubleValueSerializerSnapshot"': simple_body(version)
            '"EitherSerializerSnapshot"': legacy_either_body(limit)
            '"EnumSerializerSnapshot"': enum_body
            '"EventIdSerializerSnapshot"': simple_body(version)
            '"ExternalSerializerSnapshot"': external_body(version, limit)
            '"FloatPrimitiveArraySerializerSnapshot"': simple_body(version)
            '"FloatSerializerSnapshot"': simple_body(version)
            '"FloatValueSerializerSnapshot"': simple_body(version)
            '"GenericArraySerializerConfigSnapshot"': legacy_generic_array_body(limit)
            '"GenericArraySerializerSnapshot"': generic_array_body(version, limit)
            '"GlobalWindowSerializerSnapshot"': simple_body(version)
            '"InstantSerializerSnapshot"': simple_body(version)
            '"IntPrimitiveArraySerializerSnapshot"': simple_body(version)
            '"IntSerializerSnapshot"': simple_body(version)
            '"IntValueSerializerSnapshot"': simple_body(version)
            '"JavaEitherSerializerSnapshot"': composite_body(version, limit)
            '"JavaSerializerSnapshot"': simple_body(version)
            '"KryoSerializerSnapshot"': kryo_body
            '"LinkedListSerializerSnapshot"': linked_list_body(version, limit)
            '"ListSerializerSnapshot"': composite_body(version, limit)
            '"ListViewSerializerSnapshot"': composite_body(version, limit)
            '"LocalDateSerializerSnapshot"': simple_body(version)
            '"LocalDateTimeSerializerSnapshot"': simple_body(version)
            '"LocalTimeSerializerSnapshot"': simple_body(version)
            '"LockableTypeSerializerSnapshot"': composite_body(version, limit)
            '"LongPrimitiveArraySerializerSnapshot"': simple_body(version)
            '"LongSerializerSnapshot"': simple_body(version)
            '"LongValueSerializerSnapshot"': simple_body(version)
            '"MapDataSerializerSnapshot"': map_data_body
            '"MapSerializerSnapshot"': composite_body(version, limit)
            '"MapViewSerializerSnapshot"': composite_body(version, limit)
            '"MetaSqnInfoSerializerSnapshot"': composite_body(version, limit)
            '"MigratedNFASerializerSnapshot"': composite_body(version, limit)
            '"NFAStateSerializerSnapshot"': nfa_state_body(version, limit)
            '"NodeIdSerializerSnapshot"': composite_body(version, limit)
            '"NodeSerializerSnapshot"': composite_body(version, limit)
            '"NothingSerializerSnapshot"': simple_body(version)
            '"NullAwareMapSerializerSnapshot"': composite_body(version, limit)
            '"NullSerializerSnapshot"': simple_body(version)
            '"NullValueSerializerSnapshot"': simple_body(version)
            '"NullableSerializerSnapshot"': nullable_body(version, limit)
            '"PojoSerializerSnapshot"': pojo_body
            '"RawValueDataSerializerSnapshot"': composite_body(version, limit)
            '"RowDataKeySerializerSnapshot"': row_data_key_body(limit)
            '"RowDataSerializerSnapshot"': row_data_body(limit)
            '"RowSerializerSnapshot"': row_body(version, limit)
            '"RowSqnInfoSerializerSnapshot"': composite_body(version, limit)
            '"ScalaCaseClassSerializerSnapshot"': tuple_body(version, limit)
            '"ScalaEitherSerializerSnapshot"': composite_body(version, limit)
            '"ScalaEnumSerializerSnapshot"': numbered_enum_body
            '"ScalaOptionSerializerSnapshot"': composite_body(version, limit)
            '"ScalaTrySerializerSnapshot"': composite_body(version, limit)
            '"SetSerializerSnapshot"': composite_body(version, limit)
            '"SharedBufferEdgeSerializerSnapshot"': composite_body(version, limit)
            '"SharedBufferNodeSerializerSnapshot"': composite_body(version, limit)
            '"SharedBufferNodeSerializerSnapshotV2"': composite_body(version, limit)
            '"SharedBufferSerializerSnapshot"': composite_body(version, limit)
            '"ShortPrimitiveArraySerializerSnapshot"': simple_body(version)
            '"ShortSerializerSnapshot"': simple_body(version)
            '"ShortValueSerializerSnapshot"': simple_body(version)
            '"SingleThreadAccessCheckingTypeSerializerSnapshot"': composite_body(version, limit)
            '"SortedLongSerializerSnapshot"': simple_body(version)
            '"SortedMapSerializerSnapshot"': sorted_map_body(limit)
            '"SqlDateSerializerSnapshot"': simple_body(version)
            '"SqlTimeSerializerSnapshot"': simple_body(version)
            '"SqlTimestampSerializerSnapshot"': simple_body(version)
            '"StateSerializerSnapshot"': two_phase_commit_body(version, limit)
            '"StreamElementSerializerSnapshot"': composite_body(version, limit)
            '"StringArraySerializerSnapshot"': simple_body(version)
            '"StringDataSerializerSnapshot"': simple_body(version)
            '"StringSerializerSnapshot"': simple_body(version)
            '"StringValueSerializerSnapshot"': simple_body(version)
            '"TimeSerializerSnapshot"': simple_body(version)
            '"TimeWindowSerializerSnapshot"': simple_body(version)
            '"TimerSerializerSnapshot"': composite_body(version, limit)
            '"TimestampDataSerializerSnapshot"': timestamp_data_body
            '"TimestampSerializerSnapshot"': timestamp_data_body
            '"TransactionStateSerializerSnapshot"': simple_body(version)
            '"TraversableSerializerSnapshot"': traversable_body(version, limit)
            '"TtlAwareSerializerSnapshot"': ttl_aware_body(limit)
            '"TtlSerializerSnapshot"': composite_body(version, limit)
            '"Tuple0SerializerSnapshot"': simple_body(version)
            '"Tuple2CaseClassSerializerSnapshot"': tuple_body(version, limit)
            '"TupleSerializerSnapshot"': tuple_body(version, limit)
            '"UnionSerializerSnapshot"': composite_body(version, limit)
            '"UnitSerializerSnapshot"': simple_body(version)
            '"ValueSerializerSnapshot"': generic_body
            '"VariantSerializerSnapshot"': simple_body(version)
            '"VoidNamespaceSerializerSnapshot"': simple_body(version)
            '"VoidSerializerSnapshot"': simple_body(version)
            '"WindowKeySerializerSnapshot"': composite_body(version, limit)
            '"WritableSerializerSnapshot"': generic_body
            _: foreign_body(limit)
        doc: As the class has it; nothing says how long it is
  class_name:
    doc: |
      Name of a class, a `utf`, cut at its dots and dollars. Kaitai Struct cannot search in strings; a terminator does it here.
    doc-ref: spec/src/conventions.md#strings
    seq:
      - id: length
        type: u2
        doc: Number of bytes that follow
      - id: name
        size: length
        type: class_name_parts
        doc: Modified UTF-8
    instances:
      selector:
        value: 'name.is_flink ? name.packages.last.classes.last : ""'
        doc: Name of a class of Flink without package and enclosing class; empty for other classes
  class_name_parts:
    seq:
      - id: packages
        type: class_name_part
        terminator: 0x2e
        eos-error: false
        repeat: eos
    instances:
      is_flink:
        value: >-
          packages.size > 3 and packages[0].classes[0] == "org" and packages[1].classes[0] == "apache"
          and packages[2].classes[0] == "flink"
  class_name_part:
    seq:
      - id: classes
        type: str
        encoding: UTF-8
        terminator: 0x24
        eos-error: false
        repeat: eos
  nested_snapshots:
    doc: Nested snapshots.
    doc-ref: spec/src/serializers.md#layout-nested-snapshots
    params:
      - id: limit
        type: s8
    seq:
      - id: magic
        type: s4
        valid: 0x001457fd
        doc: Mark of nested snapshots, 1333245
      - id: version
        type: s4
        valid: 1
        doc: Version of this list
      - id: count
        type: s4
        doc: How many snapshots follow
      - id: snapshots
        type: versioned_snapshot(limit)
        repeat: until
        repeat-until: 'snapshots.size >= count or (limit < 0 ? _io.eof : _io.pos >= limit)'
        if: count > 0
        doc: |
          The snapshots, in the order of the parts. Fewer than `count` if one of them has a body of a class that Flink does not
          ship: that reaches to the end, and so over those behind it.
  simple_body:
    doc: Simple snapshot.
    doc-ref: spec/src/serializers.md#layout-simple-body
    params:
      - id: snapshot_version
        type: s4
    seq:
      - id: serializer_class
        type: utf
        if: snapshot_version == 2
        doc: 'Class of the serializer; not needed. Absent: version 3: the body is empty'
  generic_body:
    doc: Generic snapshot.
    doc-ref: spec/src/serializers.md#layout-generic-body
    seq:
      - id: type_class
        type: utf
        doc: Class of the values
  enum_body:
    doc: Enum.
    doc-ref: spec/src/serializers.md#layout-enum-body
    seq:
      - id: enum_class
        type: utf
        doc: Class of the enum
      - id: num_constants
        type: s4
        doc: Number of constants
      - id: constants
        type: utf
        repeat: expr
        repeat-expr: num_constants
        doc: Names of the constants; a value is a position in this list
  numbered_enum_body:
    doc: Scala enumeration.
    doc-ref: spec/src/serializers.md#layout-numbered-enum-body
    seq:
      - id: enum_class
        type: utf
        doc: Class of the enumeration
      - id: num_constants
        type: s4
        doc: Number of constants
      - id: constants
        type: numbered_constant
        repeat: expr
        repeat-expr: num_constants
        doc: The constants
  generic_array_body:
    doc: Array of objects.
    doc-ref: spec/src/serializers.md#layout-generic-array-body
    params:
      - id: snapshot_version
        type: s4
      - id: limit
        type: s8
    seq:
      - id: composite_magic
        type: s4
        valid: 0x000de704
        if: snapshot_version == 3
        doc: 'Mark of a composite, 911108. Absent: versions 1 and 2'
      - id: outer_version
        type: s4
        if: snapshot_version == 3
        doc: 'Version of the outer body. Absent: the version of the snapshot is the outer version'
      - id: type_class
        type: utf
        doc: Class of the elements
      - id: nested
        type: nested_snapshots(limit)
        doc: Serializer of the elements
  legacy_generic_array_body:
    doc: Array of objects, legacy.
    doc-ref: spec/src/serializers.md#layout-legacy-generic-array-body
    params:
      - id: limit
        type: s8
    seq:
      - id: type_class
        type: utf
        doc: Class of the elements
      - id: nested
        type: nested_snapshots(limit)
        doc: Serializer of the elements
  composite_body:
    doc: Composite snapshot.
    doc-ref: spec/src/serializers.md#layout-composite-body
    params:
      - id: snapshot_version
        type: s4
      - id: limit
        type: s8
    seq:
      - id: composite_magic
        type: s4
        valid: 0x000de704
        if: snapshot_version == 3
        doc: 'Mark of a composite, 911108. Absent: versions 1 and 2'
      - id: outer_version
        type: s4
        if: snapshot_version == 3
        doc: 'Version of the outer body. Absent: the version of the snapshot is the outer version'
      - id: nested
        type: nested_snapshots(limit)
        doc: Serializers of the parts
  sorted_map_body:
    doc: Sorted map.
    doc-ref: spec/src/serializers.md#layout-sorted-map-body
    params:
      - id: limit
        type: s8
    seq:
      - id: comparator
        type: flink_java_object_stream
        doc: The comparator of the keys
      - id: nested
        type: nested_snapshots(limit)
        doc: Serializers of the keys and of the values
  ttl_aware_body:
    doc: Wrapper that knows of time to live.
    doc-ref: spec/src/serializers.md#layout-ttl-aware-body
    params:
      - id: limit
        type: s8
    seq:
      - id: ttl_enabled
        type: u1
        doc: Whether the state has a time to live; values do not depend on it
      - id: nested
        type: versioned_snapshot(limit)
        doc: The snapshot that it wraps
  tuple_body:
    doc: Tuple or case class.
    doc-ref: spec/src/serializers.md#layout-tuple-body
    params:
      - id: snapshot_version
        type: s4
      - id: limit
        type: s8
    seq:
      - id: composite_magic
        type: s4
        valid: 0x000de704
        if: snapshot_version == 3
        doc: 'Mark of a composite, 911108. Absent: versions 1 and 2'
      - id: outer_version
        type: s4
        if: snapshot_version == 3
        doc: 'Version of the outer body. Absent: the version of the snapshot is the outer version'
      - id: type_class
        type: utf
        doc: Class of the tuple
      - id: nested
        type: nested_snapshots(limit)
        doc: Serializers of the fields
  row_body:
    doc: Row.
    doc-ref: spec/src/serializers.md#layout-row-body
    params:
      - id: snapshot_version
        type: s4
      - id: limit
        type: s8
    seq:
      - id: composite_magic
        type: s4
        valid: 0x000de704
        if: snapshot_version == 3
        doc: 'Mark of a composite, 911108. Absent: versions 1 and 2'
      - id: outer_version
        type: s4
        if: snapshot_version == 3
        doc: 'Version of the outer body. Absent: the version of the snapshot is the outer version'
      - id: supports_row_kind
        type: u1
        if: snapshot_version == 3 and outer_version >= 4
        doc: 'Whether values have row kinds. Absent: they have with outer version 3, and have not with an older one'
      - id: nested
        type: nested_snapshots(limit)
        doc: Serializers of the fields
  legacy_either_body:
    doc: Either, legacy.
    doc-ref: spec/src/serializers.md#layout-legacy-either-body
    params:
      - id: limit
        type: s8
    seq:
      - id: nested
        type: nested_snapshots(limit)
        doc: Serializers of left and right
  traversable_body:
    doc: Scala collection.
    doc-ref: spec/src/serializers.md#layout-traversable-body
    params:
      - id: snapshot_version
        type: s4
      - id: limit
        type: s8
    seq:
      - id: composite_magic
        type: s4
        valid: 0x000de704
        if: snapshot_version == 3
        doc: 'Mark of a composite, 911108. Absent: versions 1 and 2'
      - id: outer_version
        type: s4
        if: snapshot_version == 3
        doc: 'Version of the outer body. Absent: the version of the snapshot is the outer version'
      - id: type_class
        type: utf
        doc: Not a class, but Scala source that makes the builder of the collection
      - id: nested
        type: nested_snapshots(limit)
        doc: Serializer of the elements
  nullable_body:
    doc: Nullable.
    doc-ref: spec/src/serializers.md#layout-nullable-body
    params:
      - id: snapshot_version
        type: s4
      - id: limit
        type: s8
    seq:
      - id: composite_magic
        type: s4
        valid: 0x000de704
        if: snapshot_version == 3
        doc: 'Mark of a composite, 911108. Absent: versions 1 and 2'
      - id: outer_version
        type: s4
        if: snapshot_version == 3
        doc: 'Version of the outer body. Absent: the version of the snapshot is the outer version'
      - id: padding
        type: s4
        doc: How many zero bytes follow the flag of a null
      - id: nested
        type: nested_snapshots(limit)
        doc: Serializer of what may be null
  pojo_body:
    doc: POJO.
    doc-ref: spec/src/serializers.md#layout-pojo-body
    seq:
      - id: pojo_class
        type: utf
        doc: Class of the values
      - id: fields
        type: pojo_field_map
        doc: The fields, in the order in which values have them
      - id: registered
        type: snapshot_map
        doc: Registered subclasses; the position is the tag in values
      - id: non_registered
        type: snapshot_map
        doc: Other subclasses that the serializer had met, in no defined order
  kryo_body:
    doc: Kryo.
    doc-ref: spec/src/serializers.md#layout-kryo-body
    seq:
      - id: type_class
        type: utf
        doc: Class of the values
      - id: registrations
        type: kryo_registration_map
        doc: Registered classes; their order gives them their ids
      - id: default_serializers
        type: kryo_serializer_map
        doc: Default serializers that are objects
      - id: default_serializer_classes
        type: kryo_serializer_class_map
        doc: Default serializers that are classes
  avro_body:
    doc: Avro.
    doc-ref: spec/src/serializers.md#layout-avro-body
    params:
      - id: snapshot_version
        type: s4
    seq:
      - id: class_
        -orig-id: class
        type:
          switch-on: snapshot_version >= 3
          cases:
            true: flink_string
            false: utf
        if: snapshot_version >= 2
        doc: Class of the values
      - id: schema
        type:
          switch-on: snapshot_version >= 3
          cases:
            true: flink_string
            false: utf
        doc: The schema that values were written with, as JSON
  two_phase_commit_body:
    doc: State of a two-phase commit.
    doc-ref: spec/src/serializers.md#layout-two-phase-commit-body
    params:
      - id: snapshot_version
        type: s4
      - id: limit
        type: s8
    seq:
      - id: composite_magic
        type: s4
        valid: 0x000de704
        if: snapshot_version == 3
        doc: 'Mark of a composite, 911108. Absent: versions 1 and 2'
      - id: outer_version
        type: s4
        if: snapshot_version == 3
        doc: 'Version of the outer body. Absent: the version of the snapshot is the outer version'
      - id: supports_null
        type: u1
        if: snapshot_version == 3 and outer_version >= 4
        doc: 'Whether the pending transaction may be missing. Absent: it may with outer version 3, and may not with an older one'
      - id: nested
        type: nested_snapshots(limit)
        doc: Serializers of transaction and context
  nfa_state_body:
    doc: 'State of CEP''s automaton.'
    doc-ref: spec/src/serializers.md#layout-nfa-state-body
    params:
      - id: snapshot_version
        type: s4
      - id: limit
        type: s8
    seq:
      - id: composite_magic
        type: s4
        valid: 0x000de704
        if: snapshot_version == 3
        doc: 'Mark of a composite, 911108. Absent: versions 1 and 2'
      - id: outer_version
        type: s4
        if: snapshot_version == 3
        doc: 'Version of the outer body. Absent: the version of the snapshot is the outer version'
      - id: supports_previous_timestamp
        type: u1
        if: snapshot_version == 3 and outer_version >= 2 or snapshot_version == 2
        doc: Whether computations have previous timestamps
      - id: nested
        type: nested_snapshots(limit)
        doc: Serializers of Dewey number, node id and event id
  row_data_body:
    doc: Row of SQL.
    doc-ref: spec/src/serializers.md#layout-row-data-body
    params:
      - id: limit
        type: s8
    seq:
      - id: num_fields
        type: s4
        doc: Number of fields
      - id: types
        type: flink_java_object_stream
        repeat: expr
        repeat-expr: num_fields
        doc: Logical type of each field
      - id: nested
        type: nested_snapshots(limit)
        doc: Serializers of the fields
  binary_row_data_body:
    doc: Binary row of SQL.
    doc-ref: spec/src/serializers.md#layout-binary-row-data-body
    seq:
      - id: number
        type: s4
        doc: Number of fields; their types are not there
  decimal_data_body:
    doc: Decimal number of SQL.
    doc-ref: spec/src/serializers.md#layout-decimal-data-body
    seq:
      - id: precision
        type: s4
        doc: Digits in all; values of more than 18 have another form
      - id: scale
        type: s4
        doc: Digits behind the point
  timestamp_data_body:
    doc: Timestamp of SQL.
    doc-ref: spec/src/serializers.md#layout-timestamp-data-body
    seq:
      - id: number
        type: s4
        doc: 'Precision: digits of the fraction of a second; values of more than 3 have another form'
  array_data_body:
    doc: Array of SQL.
    doc-ref: spec/src/serializers.md#layout-array-data-body
    seq:
      - id: element_type
        type: flink_java_object_stream
        doc: Logical type of the elements
      - id: element_serializer
        type: flink_java_object_stream
        doc: Serializer of the elements
  map_data_body:
    doc: Map of SQL.
    doc-ref: spec/src/serializers.md#layout-map-data-body
    seq:
      - id: key_type
        type: flink_java_object_stream
        doc: Logical type of the keys
      - id: value_type
        type: flink_java_object_stream
        doc: Logical type of the values
      - id: key_serializer
        type: flink_java_object_stream
        doc: Serializer of the keys
      - id: value_serializer
        type: flink_java_object_stream
        doc: Serializer of the values
  linked_list_body:
    doc: Linked list of SQL.
    doc-ref: spec/src/serializers.md#layout-linked-list-body
    params:
      - id: snapshot_version
        type: s4
      - id: limit
        type: s8
    seq:
      - id: composite_magic
        type: s4
        valid: 0x000de704
        if: snapshot_version == 3
        doc: 'Mark of a composite, 911108. Absent: versions 1 and 2'
      - id: outer_version
        type: s4
        if: snapshot_version == 3
        doc: 'Version of the outer body. Absent: the version of the snapshot is the outer version'
      - id: has_null_mask
        type: u1
        if: snapshot_version == 3 and outer_version >= 3
        doc: 'Whether values have a mask of their nulls. Absent: they have with outer version 2, and have not with 1'
      - id: nested
        type: nested_snapshots(limit)
        doc: Serializer of the elements
  external_body:
    doc: External type of SQL.
    doc-ref: spec/src/serializers.md#layout-external-body
    params:
      - id: snapshot_version
        type: s4
      - id: limit
        type: s8
    seq:
      - id: composite_magic
        type: s4
        valid: 0x000de704
        if: snapshot_version == 3
        doc: 'Mark of a composite, 911108. Absent: versions 1 and 2'
      - id: outer_version
        type: s4
        if: snapshot_version == 3
        doc: 'Version of the outer body. Absent: the version of the snapshot is the outer version'
      - id: data_type
        type: flink_java_object_stream
        doc: Data type of the values
      - id: is_internal_input
        type: u1
        doc: Whether the values come in their internal form
      - id: nested
        type: nested_snapshots(limit)
        doc: Serializer of the internal form
  row_data_key_body:
    doc: Key of a multiset.
    doc-ref: spec/src/serializers.md#layout-row-data-key-body
    params:
      - id: limit
        type: s8
    seq:
      - id: equaliser_length
        type: s4
        doc: Bytes of the equaliser
      - id: equaliser
        size: equaliser_length
        doc: Java object stream of what compares rows; not needed
      - id: hash_function_length
        type: s4
        doc: Bytes of the hash function
      - id: hash_function
        size: hash_function_length
        doc: Java object stream of what hashes rows; not needed
      - id: nested
        type: versioned_snapshot(limit)
        doc: Serializer of the rows
  foreign_body:
    doc: Body of a class that Flink does not ship.
    doc-ref: spec/src/serializers.md#layout-foreign-body
    params:
      - id: limit
        type: s8
    seq:
      - id: body
        size: 'limit < 0 ? _io.size - _io.pos : limit - _io.pos'
        doc: What only the class understands, and all that stands behind it up to the end of the frame or of the header. Nothing in the bytes says where the body itself ends, and Kaitai Struct cannot try ends until one fits.
  numbered_constant:
    doc: Constant of a Scala enumeration.
    doc-ref: spec/src/serializers.md#layout-numbered-constant
    seq:
      - id: name
        type: utf
        doc: Name of the constant
      - id: number
        type: s4
        doc: Its id; a value is such an id
  pojo_field_map:
    doc: Optional map of the fields of a POJO.
    doc-ref: spec/src/serializers.md#layout-pojo-field-map
    seq:
      - id: magic
        type: s8
        valid: '0x000004f2c69a3d70'
        doc: Mark of an optional map
      - id: count
        type: s4
        doc: Number of fields
      - id: entries
        type: pojo_field_map_entry
        repeat: expr
        repeat-expr: count
        doc: The fields
  pojo_field_map_entry:
    doc: Field of a POJO.
    doc-ref: spec/src/serializers.md#layout-pojo-field-map-entry
    seq:
      - id: name
        type: utf
        doc: Name of the field, or missing-field-at- and its position
      - id: key_present
        type: u1
        doc: Whether the class has the field
      - id: key_length
        type: s4
        if: key_present != 0
        doc: Bytes of the key
      - id: key
        size: key_length
        type: pojo_field
        if: key_present != 0
        doc: 'Where the field is declared. Absent: the class had lost the field'
      - id: value_present
        type: u1
        doc: Whether the field has a serializer
      - id: value_length
        type: s4
        if: value_present != 0
        doc: Bytes of the value
      - id: value
        size: value_length
        type: versioned_snapshot(-1)
        if: value_present != 0
        doc: 'Serializer of the field. Absent: the serializer of the field is not known'
  pojo_field:
    doc: Key of a field of a POJO.
    doc-ref: spec/src/serializers.md#layout-pojo-field
    seq:
      - id: declaring_class
        type: utf
        doc: The class, or superclass, that declares the field
      - id: field
        type: utf
        doc: Name of the field
  snapshot_map:
    doc: Optional map of the subclasses of a POJO.
    doc-ref: spec/src/serializers.md#layout-snapshot-map
    seq:
      - id: magic
        type: s8
        valid: '0x000004f2c69a3d70'
        doc: Mark of an optional map
      - id: count
        type: s4
        doc: Number of subclasses
      - id: entries
        type: snapshot_map_entry
        repeat: expr
        repeat-expr: count
        doc: The subclasses
  snapshot_map_entry:
    doc: Subclass of a POJO.
    doc-ref: spec/src/serializers.md#layout-snapshot-map-entry
    seq:
      - id: name
        type: utf
        doc: Name of the subclass
      - id: key_present
        type: u1
        doc: Whether there is a key
      - id: key_length
        type: s4
        if: key_present != 0
        doc: 'Bytes of the key: 0, since the name says all'
      - id: key
        size: key_length
        if: key_present != 0
        doc: Empty
      - id: value_present
        type: u1
        doc: Whether the subclass has a serializer
      - id: value_length
        type: s4
        if: value_present != 0
        doc: Bytes of the value
      - id: value
        size: value_length
        type: versioned_snapshot(-1)
        if: value_present != 0
        doc: 'Serializer of the subclass. Absent: the serializer of the subclass is not known'
  kryo_registration_map:
    doc: Optional map of the registrations of Kryo.
    doc-ref: spec/src/serializers.md#layout-kryo-registration-map
    seq:
      - id: magic
        type: s8
        valid: '0x000004f2c69a3d70'
        doc: Mark of an optional map
      - id: count
        type: s4
        doc: Number of registrations
      - id: entries
        type: kryo_registration_map_entry
        repeat: expr
        repeat-expr: count
        doc: The registrations
  kryo_registration_map_entry:
    doc: Registration of Kryo.
    doc-ref: spec/src/serializers.md#layout-kryo-registration-map-entry
    seq:
      - id: name
        type: utf
        doc: Name of the class
      - id: key_present
        type: u1
        doc: Whether there is a key
      - id: key_length
        type: s4
        if: key_present != 0
        doc: Bytes of the key
      - id: key
        size: key_length
        type: kryo_class
        if: key_present != 0
        doc: The class
      - id: value_present
        type: u1
        doc: Whether there is a value
      - id: value_length
        type: s4
        if: value_present != 0
        doc: Bytes of the value
      - id: value
        size: value_length
        type: kryo_registration
        if: value_present != 0
        doc: How the class is serialized
  kryo_class:
    doc: 'Key of Kryo''s maps.'
    doc-ref: spec/src/serializers.md#layout-kryo-class
    seq:
      - id: class_
        -orig-id: class
        type: utf
        doc: Name of the class
  kryo_registration:
    doc: Value of a registration of Kryo.
    doc-ref: spec/src/serializers.md#layout-kryo-registration
    seq:
      - id: class_
        -orig-id: class
        type: utf
        doc: The registered class
      - id: kind
        type: s4
        doc: 'How its serializer is given: 0 not at all, 1 by its class, 2 as an object'
      - id: serializer_class
        type: utf
        if: kind == 1
        doc: Class of the Kryo serializer
      - id: serializer
        type: flink_java_object_stream
        if: kind == 2
        doc: The Kryo serializer
  kryo_serializer_map:
    doc: Optional map of default serializers of Kryo.
    doc-ref: spec/src/serializers.md#layout-kryo-serializer-map
    seq:
      - id: magic
        type: s8
        valid: '0x000004f2c69a3d70'
        doc: Mark of an optional map
      - id: count
        type: s4
        doc: Number of default serializers
      - id: entries
        type: kryo_serializer_map_entry
        repeat: expr
        repeat-expr: count
        doc: The default serializers
  kryo_serializer_map_entry:
    doc: Default serializer of Kryo.
    doc-ref: spec/src/serializers.md#layout-kryo-serializer-map-entry
    seq:
      - id: name
        type: utf
        doc: Name of the class
      - id: key_present
        type: u1
        doc: Whether there is a key
      - id: key_length
        type: s4
        if: key_present != 0
        doc: Bytes of the key
      - id: key
        size: key_length
        type: kryo_class
        if: key_present != 0
        doc: The class
      - id: value_present
        type: u1
        doc: Whether there is a value
      - id: value_length
        type: s4
        if: value_present != 0
        doc: Bytes of the value
      - id: value
        size: value_length
        type: kryo_serializer
        if: value_present != 0
        doc: The Kryo serializer
  kryo_serializer:
    doc: Value of a default serializer of Kryo.
    doc-ref: spec/src/serializers.md#layout-kryo-serializer
    seq:
      - id: serializer
        type: flink_java_object_stream
        doc: The Kryo serializer
  kryo_serializer_class_map:
    doc: Optional map of default serializer classes of Kryo.
    doc-ref: spec/src/serializers.md#layout-kryo-serializer-class-map
    seq:
      - id: magic
        type: s8
        valid: '0x000004f2c69a3d70'
        doc: Mark of an optional map
      - id: count
        type: s4
        doc: Number of default serializers
      - id: entries
        type: kryo_serializer_class_map_entry
        repeat: expr
        repeat-expr: count
        doc: The default serializers
  kryo_serializer_class_map_entry:
    doc: Default serializer class of Kryo.
    doc-ref: spec/src/serializers.md#layout-kryo-serializer-class-map-entry
    seq:
      - id: name
        type: utf
        doc: Name of the class
      - id: key_present
        type: u1
        doc: Whether there is a key
      - id: key_length
        type: s4
        if: key_present != 0
        doc: Bytes of the key
      - id: key
        size: key_length
        type: kryo_class
        if: key_present != 0
        doc: The class
      - id: value_present
        type: u1
        doc: Whether there is a value
      - id: value_length
        type: s4
        if: value_present != 0
        doc: Bytes of the value
      - id: value
        size: value_length
        type: kryo_serializer_class
        if: value_present != 0
        doc: Class of the Kryo serializer
  kryo_serializer_class:
    doc: Value of a default serializer class of Kryo.
    doc-ref: spec/src/serializers.md#layout-kryo-serializer-class
    seq:
      - id: serializer_class
        type: utf
        doc: Class of the Kryo serializer
  optional_map:
    doc: Optional map.
    doc-ref: spec/src/serializers.md#layout-optional-map
    seq:
      - id: magic
        type: s8
        valid: '0x000004f2c69a3d70'
        doc: Mark of an optional map
      - id: count
        type: s4
        doc: Number of entries
      - id: entries
        type: optional_map_entry
        repeat: expr
        repeat-expr: count
        doc: The entries; their order has a meaning
  optional_map_entry:
    doc: Entry of an optional map.
    doc-ref: spec/src/serializers.md#layout-optional-map-entry
    seq:
      - id: name
        type: utf
        doc: Name of the field or class that the entry is about
      - id: key_present
        type: u1
        doc: Whether the entry has a key
      - id: key_length
        type: s4
        if: key_present != 0
        doc: Bytes of the key
      - id: key
        size: key_length
        if: key_present != 0
        doc: The key
      - id: value_present
        type: u1
        doc: Whether the entry has a value
      - id: value_length
        type: s4
        if: value_present != 0
        doc: Bytes of the value
      - id: value
        size: value_length
        if: value_present != 0
        doc: The value
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
  flink_string:
    doc: A string of user data, which is in another encoding than names; null if the length is 0.
    doc-ref: spec/src/values.md#strings
    seq:
      - id: length
        type: varint
        doc: Number of UTF-16 units, plus 1
      - id: units
        type: varint
        repeat: expr
        repeat-expr: 'length.value == 0 ? 0 : length.value - 1'
        doc: UTF-16 units
  varint:
    doc: A number in groups of seven bits, low group first.
    doc-ref: spec/src/values.md#strings
    seq:
      - id: groups
        type: u1
        repeat: until
        repeat-until: _ < 128
    instances:
      value:
        value: >-
          (groups[0] % 128)
          + (groups.size > 1 ? (groups[1] % 128) * 128 : 0)
          + (groups.size > 2 ? (groups[2] % 128) * 16384 : 0)
          + (groups.size > 3 ? (groups[3] % 128) * 2097152 : 0)
          + (groups.size > 4 ? (groups[4] % 128) * 268435456 : 0)
