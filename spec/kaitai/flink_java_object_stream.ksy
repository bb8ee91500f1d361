meta:
  id: flink_java_object_stream
  title: Java object stream, as far as Flink savepoints have it
  license: Apache-2.0
  ks-version: '0.10'
  endian: be
doc: |
  An object stream of Java's serialization: `AC ED 00 05` and one item. It has no length, and the values of an object can
  only be read with the fields of its class, which may stand earlier in the stream and is then referred to by a number, its
  handle. Kaitai Struct has no table that grows while it reads; so each item is given the number of handles before it
  (`handles`) and the last class before it (`known`, the head of a list that goes backwards), and says with `handles_end` and
  `known_end` what they are behind it. Types that are no layout of the text, and fields that take no bytes, serve this.

  Objects with `writeReplace` or custom data need no class: what they wrote stands in annotations, which have an end mark.
doc-ref: spec/src/properties.md#grammar
seq:
  - id: stream_magic
    contents: [0xac, 0xed]
    doc: Marks a Java object stream
  - id: stream_version
    type: u2
    valid: 5
    doc: Version of the stream
  - id: no_class
    type: java_known(-1, _root)
    doc: No bytes; the end of the list of classes
  - id: content
    type: java_content(0, no_class)
    doc: The one item of the stream
types:
  java_known:
    doc: No bytes; an element of the list of the classes that stood before.
    params:
      - id: number
        type: s4
        doc: Number of the handle of the class; -1 ends the list
      - id: previous
        type: struct
        doc: The element before
    instances:
      of_class:
        value: _parent.as<java_class>
      before:
        value: previous.as<java_known>
  java_search:
    doc: No bytes; a step of the search for a class by its handle.
    params:
      - id: node
        type: java_known
  java_content:
    doc: Item.
    doc-ref: spec/src/properties.md#layout-java-content
    params:
      - id: handles
        type: s4
      - id: known
        type: java_known
    seq:
      - id: tag
        type: u1
        enum: content_tag
        valid:
          any-of:
            - content_tag::null_item
            - content_tag::reference
            - content_tag::object
            - content_tag::string
            - content_tag::array
            - content_tag::class_object
            - content_tag::block
            - content_tag::long_block
            - content_tag::long_string
            - content_tag::enum_constant
      - id: body
        type:
          switch-on: tag
          cases:
            'content_tag::reference': java_reference
            'content_tag::object': java_object(handles, known)
            'content_tag::string': java_string
            'content_tag::array': java_array(handles, known)
            'content_tag::class_object': java_class_object(handles, known)
            'content_tag::block': java_block
            'content_tag::long_block': java_long_block
            'content_tag::long_string': java_long_string
            'content_tag::enum_constant': java_enum(handles, known)
    instances:
      next_tag:
        pos: _io.pos
        type: u1
        doc: The byte behind the item; has a meaning only directly after the item was read
      handles_end:
        value: >-
          tag == content_tag::string or tag == content_tag::long_string ? handles + 1 :
          tag == content_tag::object ? body.as<java_object>.handles_end.as<s4> :
          tag == content_tag::array ? body.as<java_array>.handles_end.as<s4> :
          tag == content_tag::class_object ? body.as<java_class_object>.handles_end.as<s4> :
          tag == content_tag::enum_constant ? body.as<java_enum>.handles_end.as<s4> :
          handles
      known_end:
        value: >-
          tag == content_tag::object ? body.as<java_object>.known_end.as<java_known> :
          tag == content_tag::array ? body.as<java_array>.known_end.as<java_known> :
          tag == content_tag::class_object ? body.as<java_class_object>.known_end.as<java_known> :
          tag == content_tag::enum_constant ? body.as<java_enum>.known_end.as<java_known> :
          known
  java_class:
    doc: Class.
    doc-ref: spec/src/properties.md#layout-java-class
    params:
      - id: handles
        type: s4
      - id: known
        type: java_known
    seq:
      - id: tag
        type: u1
        enum: class_tag
        valid:
          any-of:
            - class_tag::null_class
            - class_tag::reference
            - class_tag::descriptor
            - class_tag::proxy
      - id: body
        type:
          switch-on: tag
          cases:
            'class_tag::reference': java_reference
            'class_tag::descriptor': java_class_descriptor(handles, known)
            'class_tag::proxy': java_proxy_class(handles, known)
      - id: search
        type: 'java_search(search.size == 0 ? known : search.last.node.before)'
        repeat: until
        repeat-until: _.node.number < 0 or _.node.number == body.as<java_reference>.number
        if: tag == class_tag::reference
        doc: No bytes; goes back to the class that the handle is of
      - id: node
        type: 'java_known(handles, tag == class_tag::descriptor ? body.as<java_class_descriptor>.known_end : body.as<java_proxy_class>.known_end)'
        if: is_new
        doc: No bytes; puts the class on the list
    instances:
      is_null:
        value: tag == class_tag::null_class
      is_new:
        value: tag == class_tag::descriptor or tag == class_tag::proxy
      target:
        value: '(tag == class_tag::reference ? search.last.node.of_class : node.of_class).as<java_class>'
        doc: The class itself, or the one that the reference leads to
      name:
        value: 'tag == class_tag::descriptor ? body.as<java_class_descriptor>.class_name.text : ""'
        doc: Name of a class that stands here
      flags:
        value: 'tag == class_tag::descriptor ? body.as<java_class_descriptor>.flags : 2'
        doc: Flags of a class that stands here; a proxy class has none and is serializable
      field_count:
        value: 'tag == class_tag::descriptor ? body.as<java_class_descriptor>.field_count : 0'
      fields:
        value: body.as<java_class_descriptor>.fields
        if: tag == class_tag::descriptor
      superclass:
        value: '(tag == class_tag::descriptor ? body.as<java_class_descriptor>.superclass.as<java_class> : body.as<java_proxy_class>.superclass.as<java_class>)'
      handles_end:
        value: >-
          tag == class_tag::descriptor ? body.as<java_class_descriptor>.superclass.handles_end.as<s4> :
          tag == class_tag::proxy ? body.as<java_proxy_class>.superclass.handles_end.as<s4> :
          handles
      known_end:
        value: 'is_new ? node : known'
  java_class_descriptor:
    doc: Class descriptor.
    doc-ref: spec/src/properties.md#layout-java-class-descriptor
    params:
      - id: handles
        type: s4
      - id: known
        type: java_known
    seq:
      - id: class_name
        type: utf
        doc: Name of the class, with dots; nested classes stand behind a `$`
      - id: serial_version_uid
        type: s8
        doc: Identity of the class's fields; behind it the class gets its handle
      - id: flags
        type: u1
        doc: 'In hex: 01 custom data, 02 serializable, 04 externalizable, 08 block data, 10 enum'
      - id: field_count
        type: u2
        doc: Number of fields
      - id: fields
        type: 'java_field_descriptor(fields.size == 0 ? handles + 1 : fields.last.handles_end, known)'
        repeat: expr
        repeat-expr: field_count
        doc: The fields, in the order of their values
      - id: annotations
        type: 'java_content(annotations.size == 0 ? handles_fields : annotations.last.handles_end, annotations.size == 0 ? known : annotations.last.known_end)'
        repeat: until
        repeat-until: _.next_tag == 0x78
        if: next_tag != 0x78
        doc: What the class loader added
      - id: end_annotations
        contents: [0x78]
        doc: End of the annotations
      - id: superclass
        type: 'java_class(next_tag == 0x78 ? handles_fields : annotations.last.handles_end, next_tag == 0x78 ? known : annotations.last.known_end)'
        doc: The serializable superclass; null if there is none
    instances:
      next_tag:
        pos: _io.pos
        type: u1
        doc: The byte behind the fields
      handles_fields:
        value: 'field_count == 0 ? handles + 1 : fields.last.handles_end.as<s4>'
      known_end:
        value: superclass.known_end.as<java_known>
  java_field_descriptor:
    doc: Field descriptor.
    doc-ref: spec/src/properties.md#layout-java-field-descriptor
    params:
      - id: handles
        type: s4
      - id: known
        type: java_known
    seq:
      - id: type_code
        type: u1
        enum: code
        doc: 'A letter: `B C D F I J S Z` for primitive types, `L` for objects, `[` for arrays'
      - id: field_name
        type: utf
        doc: Name of the field
      - id: signature
        type: java_content(handles, known)
        if: type_code == code::object or type_code == code::array
        doc: 'Type of the field, a string: `L`, the class with slashes, `;`'
    instances:
      handles_end:
        value: 'type_code == code::object or type_code == code::array ? signature.handles_end.as<s4> : handles'
  java_proxy_class:
    doc: Proxy class.
    doc-ref: spec/src/properties.md#layout-java-proxy-class
    params:
      - id: handles
        type: s4
      - id: known
        type: java_known
    seq:
      - id: interface_count
        type: s4
        doc: Number of interfaces; before it the class gets its handle
      - id: interfaces
        type: utf
        repeat: expr
        repeat-expr: interface_count
        doc: Names of the interfaces
      - id: annotations
        type: 'java_content(annotations.size == 0 ? handles + 1 : annotations.last.handles_end, annotations.size == 0 ? known : annotations.last.known_end)'
        repeat: until
        repeat-until: _.next_tag == 0x78
        if: next_tag != 0x78
        doc: What the class loader added
      - id: end_annotations
        contents: [0x78]
        doc: End of the annotations
      - id: superclass
        type: 'java_class(next_tag == 0x78 ? handles + 1 : annotations.last.handles_end, next_tag == 0x78 ? known : annotations.last.known_end)'
        doc: The superclass
    instances:
      next_tag:
        pos: _io.pos
        type: u1
        doc: The byte behind the interfaces
      known_end:
        value: superclass.known_end.as<java_known>
  java_object:
    doc: Object.
    doc-ref: spec/src/properties.md#layout-java-object
    params:
      - id: handles
        type: s4
      - id: known
        type: java_known
    seq:
      - id: class_
        -orig-id: class
        type: java_class(handles, known)
        doc: The class; behind it the object gets its handle
      - id: values
        type:
          switch-on: class_.target.name
          cases:
            '"org.apache.flink.runtime.checkpoint.CheckpointProperties"': checkpoint_properties(class_.handles_end + 1, class_.known_end)
            '"org.apache.flink.runtime.checkpoint.SavepointType"': savepoint_type(class_.handles_end + 1, class_.known_end)
            '"org.apache.flink.runtime.checkpoint.CheckpointType"': checkpoint_type(class_.handles_end + 1, class_.known_end)
            _: java_values(class_.target, class_.handles_end + 1, class_.known_end)
        doc: Values of the fields that the class lists, those of its superclasses first
      - id: annotations
        type: 'java_content(annotations.size == 0 ? handles_values : annotations.last.handles_end, annotations.size == 0 ? known_values : annotations.last.known_end)'
        repeat: until
        repeat-until: _.next_tag == 0x78
        if: has_custom_data and next_tag != 0x78
        doc: What the class wrote by itself, behind its values
      - id: end_annotations
        contents: [0x78]
        if: has_custom_data
        doc: End of the annotations; there with them
    instances:
      has_custom_data:
        value: (class_.target.flags & 2) != 0 and (class_.target.flags & 1) != 0 or (class_.target.flags & 12) == 12
      next_tag:
        pos: _io.pos
        type: u1
        doc: The byte behind the values
      is_properties:
        value: class_.target.name == "org.apache.flink.runtime.checkpoint.CheckpointProperties"
      is_savepoint_type:
        value: class_.target.name == "org.apache.flink.runtime.checkpoint.SavepointType"
      is_checkpoint_type:
        value: class_.target.name == "org.apache.flink.runtime.checkpoint.CheckpointType"
      handles_values:
        value: >-
          is_properties ? values.as<checkpoint_properties>.handles_end.as<s4> :
          is_savepoint_type ? values.as<savepoint_type>.handles_end.as<s4> :
          is_checkpoint_type ? values.as<checkpoint_type>.handles_end.as<s4> :
          values.as<java_values>.handles_end.as<s4>
      known_values:
        value: >-
          is_properties ? values.as<checkpoint_properties>.known_end.as<java_known> :
          is_savepoint_type ? values.as<savepoint_type>.known_end.as<java_known> :
          is_checkpoint_type ? values.as<checkpoint_type>.known_end.as<java_known> :
          values.as<java_values>.known_end.as<java_known>
      handles_end:
        value: 'has_custom_data and next_tag != 0x78 ? annotations.last.handles_end.as<s4> : handles_values'
      known_end:
        value: 'has_custom_data and next_tag != 0x78 ? annotations.last.known_end.as<java_known> : known_values'
  java_values:
    doc: |
      Values of an object that are of one class and its superclasses, those of the top-most class first. Annotations of the
      class itself are not among them, those of its superclasses are.
    doc-ref: spec/src/properties.md#other-items
    params:
      - id: class_of
        type: java_class
      - id: handles
        type: s4
      - id: known
        type: java_known
    seq:
      - id: of_superclass
        type: java_superclass_values(class_of.superclass.target, handles, known)
        if: has_superclass
      - id: fields
        type: 'java_value(class_of.fields[fields.size].type_code, fields.size == 0 ? handles_super : fields.last.handles_end, fields.size == 0 ? known_super : fields.last.known_end)'
        repeat: expr
        repeat-expr: num_fields
    instances:
      is_external:
        value: (class_of.flags & 2) == 0
        doc: An externalizable class has no values
      has_superclass:
        value: not is_external and not class_of.superclass.is_null
      num_fields:
        value: 'is_external ? 0 : class_of.field_count'
      handles_super:
        value: 'has_superclass ? of_superclass.handles_end.as<s4> : handles'
      known_super:
        value: 'has_superclass ? of_superclass.known_end.as<java_known> : known'
      handles_end:
        value: 'num_fields == 0 ? handles_super : fields.last.handles_end.as<s4>'
      known_end:
        value: 'num_fields == 0 ? known_super : fields.last.known_end.as<java_known>'
  java_superclass_values:
    doc: Values of an object that are of a superclass, and the annotations of that class.
    doc-ref: spec/src/properties.md#other-items
    params:
      - id: class_of
        type: java_class
      - id: handles
        type: s4
      - id: known
        type: java_known
    seq:
      - id: values
        type: java_values(class_of, handles, known)
      - id: annotations
        type: 'java_content(annotations.size == 0 ? values.handles_end : annotations.last.handles_end, annotations.size == 0 ? values.known_end : annotations.last.known_end)'
        repeat: until
        repeat-until: _.next_tag == 0x78
        if: has_custom_data and next_tag != 0x78
      - id: end_annotations
        contents: [0x78]
        if: has_custom_data
    instances:
      has_custom_data:
        value: (class_of.flags & 3) == 3
      next_tag:
        pos: _io.pos
        type: u1
        doc: The byte behind the values
      handles_end:
        value: 'has_custom_data and next_tag != 0x78 ? annotations.last.handles_end.as<s4> : values.handles_end.as<s4>'
      known_end:
        value: 'has_custom_data and next_tag != 0x78 ? annotations.last.known_end.as<java_known> : values.known_end.as<java_known>'
  java_value:
    doc: Value of one field, as its type code says.
    doc-ref: spec/src/properties.md#other-items
    params:
      - id: type_code
        type: u1
        enum: code
      - id: handles
        type: s4
      - id: known
        type: java_known
    seq:
      - id: value
        type:
          switch-on: type_code
          cases:
            'code::byte': java_value_byte
            'code::character': java_value_character
            'code::double': java_value_double
            'code::float': java_value_float
            'code::int': java_value_int
            'code::long': java_value_long
            'code::short': java_value_short
            'code::boolean': java_value_boolean
            'code::object': java_content(handles, known)
            'code::array': java_content(handles, known)
    instances:
      is_item:
        value: type_code == code::object or type_code == code::array
      handles_end:
        value: 'is_item ? value.as<java_content>.handles_end.as<s4> : handles'
      known_end:
        value: 'is_item ? value.as<java_content>.known_end.as<java_known> : known'
  java_value_byte:
    seq:
      - id: value
        type: s1
  java_value_character:
    seq:
      - id: value
        type: u2
  java_value_double:
    seq:
      - id: value
        type: f8
  java_value_float:
    seq:
      - id: value
        type: f4
  java_value_int:
    seq:
      - id: value
        type: s4
  java_value_long:
    seq:
      - id: value
        type: s8
  java_value_short:
    seq:
      - id: value
        type: s2
  java_value_boolean:
    seq:
      - id: value
        type: u1
  java_array:
    doc: Array.
    doc-ref: spec/src/properties.md#layout-java-array
    params:
      - id: handles
        type: s4
      - id: known
        type: java_known
    seq:
      - id: class_
        -orig-id: class
        type: java_class(handles, known)
        doc: The class of the array, `[` and the type of its elements; behind it the array gets its handle
      - id: length
        type: s4
        doc: Number of elements
      - id: elements
        type: 'java_content(elements.size == 0 ? class_.handles_end + 1 : elements.last.handles_end, elements.size == 0 ? class_.known_end : elements.last.known_end)'
        repeat: expr
        repeat-expr: length
        if: width == 0
        doc: Elements that are objects
      - id: values
        size: length * width
        if: width != 0
        doc: Elements of a primitive type, one behind the other
    instances:
      element_code:
        value: class_.target.name.substring(1, 2)
      width:
        value: >-
          element_code == "B" or element_code == "Z" ? 1 :
          element_code == "C" or element_code == "S" ? 2 :
          element_code == "F" or element_code == "I" ? 4 :
          element_code == "D" or element_code == "J" ? 8 : 0
        doc: Bytes of an element of a primitive type; 0 for objects
      handles_end:
        value: 'width == 0 and length > 0 ? elements.last.handles_end.as<s4> : class_.handles_end.as<s4> + 1'
      known_end:
        value: 'width == 0 and length > 0 ? elements.last.known_end.as<java_known> : class_.known_end.as<java_known>'
  java_class_object:
    doc: Class object.
    doc-ref: spec/src/properties.md#layout-java-class-object
    params:
      - id: handles
        type: s4
      - id: known
        type: java_known
    seq:
      - id: class_
        -orig-id: class
        type: java_class(handles, known)
        doc: The class; behind it the item gets its handle
    instances:
      handles_end:
        value: class_.handles_end.as<s4> + 1
      known_end:
        value: class_.known_end.as<java_known>
  java_enum:
    doc: Enum constant.
    doc-ref: spec/src/properties.md#layout-java-enum
    params:
      - id: handles
        type: s4
      - id: known
        type: java_known
    seq:
      - id: class_
        -orig-id: class
        type: java_class(handles, known)
        doc: The enum; behind it the constant gets its handle
      - id: constant
        type: java_content(class_.handles_end + 1, class_.known_end)
        doc: Name of the constant, a string
    instances:
      handles_end:
        value: constant.handles_end.as<s4>
      known_end:
        value: constant.known_end.as<java_known>
  java_string:
    doc: String.
    doc-ref: spec/src/properties.md#layout-java-string
    seq:
      - id: value
        type: utf
        doc: The string; it has a handle
  java_long_string:
    doc: Long string.
    doc-ref: spec/src/properties.md#layout-java-long-string
    seq:
      - id: length
        type: s8
        doc: Number of bytes
      - id: value
        size: length
        doc: The string, in modified UTF-8; it has a handle
  java_reference:
    doc: Back reference.
    doc-ref: spec/src/properties.md#layout-java-reference
    seq:
      - id: handle
        type: s4
        doc: 'Handle of an earlier item: 8257536 (`00 7E 00 00`) and its number'
    instances:
      number:
        value: handle - 8257536
  java_block:
    doc: Block.
    doc-ref: spec/src/properties.md#layout-java-block
    seq:
      - id: length
        type: u1
        doc: Number of bytes
      - id: data
        size: length
        doc: What the class wrote; it has no handle
  java_long_block:
    doc: Long block.
    doc-ref: spec/src/properties.md#layout-java-long-block
    seq:
      - id: length
        type: s4
        doc: Number of bytes
      - id: data
        size: length
        doc: What the class wrote; it has no handle
  checkpoint_properties:
    doc: Values of CheckpointProperties.
    doc-ref: spec/src/properties.md#layout-checkpoint-properties
    params:
      - id: handles
        type: s4
      - id: known
        type: java_known
    seq:
      - id: discard_cancelled
        type: u1
        doc: The snapshot is deleted when the job is cancelled
      - id: discard_failed
        type: u1
        doc: The snapshot is deleted when the job fails
      - id: discard_finished
        type: u1
        doc: The snapshot is deleted when the job finishes
      - id: discard_subsumed
        type: u1
        doc: The snapshot is deleted when a newer one is complete
      - id: discard_suspended
        type: u1
        doc: The snapshot is deleted when the job is suspended
      - id: forced
        type: u1
        doc: The snapshot was taken whatever the limits on checkpoints said
      - id: unclaimed
        type: u1
        doc: The job was restored from the snapshot without owning its files
      - id: checkpoint_type
        type: java_content(handles, known)
        doc: 'What kind of snapshot it is: an object of SavepointType or CheckpointType'
    instances:
      handles_end:
        value: checkpoint_type.handles_end.as<s4>
      known_end:
        value: checkpoint_type.known_end.as<java_known>
  savepoint_type:
    doc: Values of SavepointType.
    doc-ref: spec/src/properties.md#layout-savepoint-type
    params:
      - id: handles
        type: s4
      - id: known
        type: java_known
    seq:
      - id: format_type
        type: java_content(handles, known)
        doc: 'Enum constant: CANONICAL or NATIVE'
      - id: name
        type: java_content(format_type.handles_end, format_type.known_end)
        doc: 'String: name of the kind, for people'
      - id: post_checkpoint_action
        type: java_content(name.handles_end, name.known_end)
        doc: 'Enum constant: NONE, SUSPEND or TERMINATE'
    instances:
      handles_end:
        value: post_checkpoint_action.handles_end.as<s4>
      known_end:
        value: post_checkpoint_action.known_end.as<java_known>
  checkpoint_type:
    doc: Values of CheckpointType.
    doc-ref: spec/src/properties.md#layout-checkpoint-type
    params:
      - id: handles
        type: s4
      - id: known
        type: java_known
    seq:
      - id: name
        type: java_content(handles, known)
        doc: 'String: name of the kind, for people'
      - id: sharing_files_strategy
        type: java_content(name.handles_end, name.known_end)
        doc: 'Enum constant: FORWARD_BACKWARD, FORWARD or NO_SHARING'
    instances:
      handles_end:
        value: sharing_files_strategy.handles_end.as<s4>
      known_end:
        value: sharing_files_strategy.known_end.as<java_known>
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
enums:
  content_tag:
    112: null_item
    113: reference
    115: object
    116: string
    117: array
    118: class_object
    119: block
    122: long_block
    124: long_string
    126: enum_constant
  class_tag:
    112: null_class
    113: reference
    114: descriptor
    125: proxy
  code:
    66: byte
    67: character
    68: double
    70: float
    73: int
    74: long
    76: object
    83: short
    90: boolean
    91: array
