# What the tests of Iceberg tables begin with: a catalogue, and deletions in files of their own, which PyIceberg reads but does not write.
import datetime, decimal, glob, os, uuid
import pyarrow as pa, pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.manifest import (
    DataFile, DataFileContent, FileFormat, ManifestContent, ManifestEntry, ManifestEntryStatus, ManifestWriterV2, write_manifest_list,
)
from pyiceberg.table.snapshots import Operation, Snapshot, Summary
from pyiceberg.table.update import AddSnapshotUpdate, AssertRefSnapshotId, SetSnapshotRefUpdate
from pyiceberg.typedef import Record


def catalog():
    c = SqlCatalog('c', uri='sqlite:///catalog.db', warehouse='file://' + os.getcwd() + '/data')
    c.create_namespace_if_not_exists('db')
    return c


def table():
    return catalog().load_table('db.t')


class DeleteManifest(ManifestWriterV2):
    def content(self):
        return ManifestContent.DELETES


def delete(t, rows, content, ids=None, partition=Record()):
    t.refresh()
    now = t.current_snapshot()
    snapshot, sequence = now.snapshot_id + 1, t.metadata.last_sequence_number + 1
    url = f'{t.location()}/data/deletes-{sequence}.parquet'
    os.makedirs(os.path.dirname(url.removeprefix('file://')), exist_ok=True)
    pq.write_table(rows, url.removeprefix('file://'))
    file = DataFile.from_args(
        content=content, file_path=url, file_format=FileFormat.PARQUET, partition=partition, record_count=len(rows),
        file_size_in_bytes=os.path.getsize(url.removeprefix('file://')), equality_ids=ids,
    )
    file.spec_id = t.metadata.default_spec_id
    with DeleteManifest(t.spec(), t.schema(), t.io.new_output(f'{t.location()}/metadata/deletes-{sequence}.avro'), snapshot, 'null') as w:
        w.add_entry(ManifestEntry.from_args(
            status=ManifestEntryStatus.ADDED, snapshot_id=snapshot, sequence_number=None, file_sequence_number=None, data_file=file,
        ))
    manifest = w.to_manifest_file()
    path = f'{t.location()}/metadata/snap-{snapshot}.avro'
    with write_manifest_list(2, t.io.new_output(path), snapshot, now.snapshot_id, sequence, 'null') as w:
        w.add_manifests([*now.manifests(t.io), manifest])
    made = Snapshot(
        snapshot_id=snapshot, parent_snapshot_id=now.snapshot_id, sequence_number=sequence, timestamp_ms=now.timestamp_ms + 1,
        manifest_list=path, summary=Summary(Operation.DELETE), schema_id=t.metadata.current_schema_id,
    )
    main = SetSnapshotRefUpdate(ref_name='main', type='branch', snapshot_id=snapshot)
    t.catalog.commit_table(t, (AssertRefSnapshotId(ref='main', snapshot_id=now.snapshot_id),), (AddSnapshotUpdate(snapshot=made), main))
    t.refresh()


def delete_positions(t, files, partition=Record()):
    number = lambda name, of, id: pa.field(name, of, False, {'PARQUET:field_id': str(id)})
    schema = pa.schema([number('file_path', pa.string(), 2147483546), number('pos', pa.int64(), 2147483545)])
    rows = [{'file_path': file, 'pos': place} for file, places in files for place in places]
    delete(t, pa.Table.from_pylist(rows, schema), DataFileContent.POSITION_DELETES, partition=partition)


def delete_values(t, column, id, values, partition=Record()):
    field = pa.field(column, pa.array(values).type, metadata={'PARQUET:field_id': str(id)})
    delete(t, pa.Table.from_arrays([pa.array(values)], schema=pa.schema([field])), DataFileContent.EQUALITY_DELETES, [id], partition)
