"""
The reading half of `quanze import`: an event log (CSV, XES) and a mapping become a catalogue pack and CloudEvents.

Posts nothing and holds no events. `survey` reads the log once and finds every fault; `events` reads it again.
"""

from quanze.importer.events import CloudEvent, resource_of
from quanze.importer.faults import ImportFault
from quanze.importer.mapping import Mapping, load_mapping
from quanze.importer.pack import pack_event
from quanze.importer.survey import Survey, events, survey

__all__ = [
    "CloudEvent",
    "ImportFault",
    "Mapping",
    "Survey",
    "events",
    "load_mapping",
    "pack_event",
    "resource_of",
    "survey",
]
