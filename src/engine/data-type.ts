/** @file The element types that graphs use, and their names on every border. */
import { TensorProto_DataType } from 'onnx-buf';

export type DataType = 'float32' | 'float16' | 'bfloat16' | 'int64' | 'bool';

/** ONNX's code of each type. */
export const onnxTypeCode: Record<DataType, TensorProto_DataType> = {
  float32: TensorProto_DataType.FLOAT,
  float16: TensorProto_DataType.FLOAT16,
  bfloat16: TensorProto_DataType.BFLOAT16,
  int64: TensorProto_DataType.INT64,
  bool: TensorProto_DataType.BOOL,
};

/** Bytes of one element. */
export const bytesPerElement: Record<DataType, number> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  bool: 1,
};
