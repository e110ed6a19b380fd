import * as z from 'zod';
import { ContainerEnvironment, Image, S3ObjectUri, text } from '../validation/members.ts';

/** What a model server runs: the artifact of a training job and the environment that names its code. */
export interface Container {
  readonly Image: string;
  readonly ModelDataUrl?: string | undefined;
  readonly Environment?: Readonly<Record<string, string>> | undefined;
}

/** A container with the role that it acts as, which its model was given. */
export interface ModelContainer extends Container {
  readonly RoleArn: string;
}

/** A container in CreateModel: with an image, or by a model package. */
export const ContainerDefinition = z
  .strictObject({
    Image: Image.optional(),
    ModelDataUrl: S3ObjectUri.optional(),
    Environment: ContainerEnvironment.optional(),
    ModelPackageName: text(176, 1).optional(),
    ContainerHostname: text(63).optional(),
    Mode: z
      .literal('SingleModel', { error: "The laptop's SageMaker serves one model a container; use SingleModel" })
      .optional(),
  })
  .refine(({ Image: image, ModelPackageName }) => Boolean(image) !== Boolean(ModelPackageName), {
    error: 'Member must have either Image or ModelPackageName',
  });
export type ContainerDefinition = z.infer<typeof ContainerDefinition>;
