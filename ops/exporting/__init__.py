"""`itilnext export`: the history as Parquet files, for questions in SQL (docs/analytics.md).

Reads the events topic and writes files; neither Redis nor a worker takes part. Parquet's library is an extra of the
package, so nothing else may import from here when it starts.
"""

from ops.exporting.run import Exported, export

__all__ = ["Exported", "export"]
