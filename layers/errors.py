"""Everything that can go wrong with stored layers and files. A leaf class's docstring is its default message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from spatial.errors import CrsError, CuntuError

if TYPE_CHECKING:
    from layers.recognising.recognition import Question


class UnsupportedFileError(CuntuError):
    """文件格式不受支持，或文件已损坏。可用 GeoPackage、GeoJSON、压缩的 Shapefile。"""


class CostlyFileError(UnsupportedFileError):
    """读取这个文件超过允许的时间或内存，已停止。"""


class UnsafeArchiveError(CuntuError):
    """压缩包不安全，已拒绝。"""


class EncodingError(CuntuError):
    """无法判断文字编码：请附 .cpg 文件，或说明编码。"""


class LegacyDatumError(CrsError):
    """1954 北京坐标系和 1980 西安坐标系的数据，没有转换参数不能转换：请先转为 2000 国家大地坐标系。"""


class UnclearLayerError(CuntuError):
    """无法判断这份数据属于目录中的哪个图层：请指明图层。"""


class DatasetRefusedError(CuntuError):
    """数据未通过入库检查，没有写入任何内容。"""


class FindingsLeftError(DatasetRefusedError):
    """数据质检还有错误，没有入库："""


class OpenQuestionsError(UnclearLayerError):
    """有几处无法自动判断，请先说明："""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.questions = tuple(questions)
        super().__init__(problems=[f"{item.about}：{item.text}" for item in questions])


class DeliveryStateError(CuntuError):
    """这份交付的状态不允许这项操作。"""


class DeliveryBusyError(CuntuError):
    """这份交付正在处理，请等它完成。"""


class SecrecyError(CuntuError):
    """数据密级超出本系统允许的范围，不能入库。"""


class UnknownVersionError(CuntuError):
    """没有这个数据版本。"""


class VersionStateError(CuntuError):
    """数据版本的状态不允许这项操作。"""


class PublishConflictError(CuntuError):
    """同一图层正在发布另一个版本，请稍后再试。"""


class StaleBasisError(PublishConflictError):
    """该图层在此期间已有新的发布或撤回，请核对后再发布。"""


class TileAddressError(CuntuError):
    """瓦片编号无效。"""


class UnknownRecordError(CuntuError):
    """没有这条记录。"""


class SealError(CuntuError):
    """签名证书不可用。"""


class CountySetError(CuntuError):
    """县级数据集（GeoParquet）有误。"""


class ExportRefusedError(CuntuError):
    """这个版本不能写成所要的格式。"""
